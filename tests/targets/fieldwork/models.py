"""What is kept: SQLite in the service's folder."""

import hashlib

from django.db import connection, models


class User(models.Model):
    """Somebody who works here."""

    username = models.SlugField(unique=True)
    email = models.EmailField()
    password = models.CharField(max_length=200)
    affiliation = models.CharField(max_length=100, default="")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    is_authenticated = True


class ApiKey(models.Model):
    """A key, known by its digest; `name` is unique for its user."""

    user = models.ForeignKey(User, models.CASCADE)
    name = models.SlugField()
    digest = models.CharField(max_length=64, unique=True)
    revoked = models.BooleanField(default=False)

    @staticmethod
    def digested(key: str) -> str:
        """What is kept of a key."""
        return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


class Org(models.Model):
    """A group of people with projects of their own."""

    name = models.SlugField(unique=True)
    title = models.CharField(max_length=100)
    webhook_secret = models.CharField(max_length=64)


class Membership(models.Model):
    """`role` is `member` or `manager`."""

    org = models.ForeignKey(Org, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=10, default="member")


class Invitation(models.Model):
    """A code that lets somebody join, once."""

    org = models.ForeignKey(Org, models.CASCADE)
    code = models.CharField(max_length=60, unique=True)
    used = models.BooleanField(default=False)


class Project(models.Model):
    """`slug` is unique within its organisation; `budget` is in euros."""

    org = models.ForeignKey(Org, models.CASCADE)
    slug = models.SlugField()
    title = models.CharField(max_length=100)
    summary = models.CharField(max_length=500, default="")
    budget = models.FloatField(default=0)


class Sample(models.Model):
    """`name` is unique within its project."""

    project = models.ForeignKey(Project, models.CASCADE)
    name = models.SlugField()
    species = models.CharField(max_length=100)
    note = models.CharField(max_length=500, default="")
    taken = models.DateField()


MODELS = (User, ApiKey, Org, Membership, Invitation, Project, Sample)


def create_tables() -> None:
    """Makes all tables in an empty database."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
