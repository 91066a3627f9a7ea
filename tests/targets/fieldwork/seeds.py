"""Who and what is there from the start."""

import datetime
import secrets

from ground import passwords

from fieldwork.models import ApiKey, Membership, Org, Project, Sample, User

PEOPLE = (
    ("lena", "thistle-railway-45", "fw_2b7e151628aed2a6abf7158809cf4f3c", False),
    ("omar", "saffron-glacier-83", "fw_8d2e60365f17c7df1040d7501b4a7b5a", False),
    ("grace", "juniper-anchor-58", "fw_603deb1015ca71be2b73aef0857d7781", True),
)
ORGS = (
    ("alder-lab", "Alder Lab", {"lena": "manager"}, "river-moss", "oak-17"),
    ("birch-lab", "Birch Lab", {"omar": "manager"}, "dune-grass", "reed-04"),
    (
        "commons", "The Commons", {"grace": "manager", "lena": "member", "omar": "member"},
        "city-trees", "elm-22",
    ),
)  # fmt: skip


def plant() -> None:
    """Fills the database."""
    for name, password, key, staff in PEOPLE:
        user = User.objects.create(
            username=name, email=f"{name}@fieldwork.example", is_staff=staff,
            password=passwords.sealed(password),
        )  # fmt: skip
        ApiKey.objects.create(user=user, name="first", digest=ApiKey.digested(key))
    for name, title, people, slug, sample in ORGS:
        org = Org.objects.create(name=name, title=title, webhook_secret=secrets.token_hex(16))
        for username, role in people.items():
            Membership.objects.create(org=org, user=User.objects.get(username=username), role=role)
        project = Project.objects.create(org=org, slug=slug, title=slug.replace("-", " "))
        Sample.objects.create(
            project=project, name=sample, species=sample[:-3], taken=datetime.date(2026, 5, 4)
        )
