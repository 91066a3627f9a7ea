"""What is sent and answered."""

import unicodedata
from typing import Any

from django.core.validators import validate_slug
from rest_framework import serializers

from fieldwork.models import Membership, Org, Project, Sample, User


def printable(text: str) -> str:
    """A text without control characters and halves of characters."""
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise serializers.ValidationError("It holds characters that cannot be shown.")
    return text


class Text(serializers.CharField):
    """A text of at most `max_length` characters."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.validators.append(printable)


class Slug(Text):
    """A name."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=50, **more)
        self.validators.append(validate_slug)


class Account(serializers.ModelSerializer):
    """The caller: the address and the affiliation are theirs to change."""

    affiliation = Text(max_length=100, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=100, required=False)

    class Meta:
        model = User
        fields = ("username", "email", "affiliation", "is_staff")
        read_only_fields = ("username", "is_staff")


class OpenAccount(Account):
    """The caller, as the settings page edits one."""

    class Meta:
        model = User
        fields = ("username", "email", "affiliation", "is_staff")
        read_only_fields = ("username",)


class OrgOut(serializers.ModelSerializer):
    """An organisation."""

    name = Slug()
    title = Text(max_length=100)

    class Meta:
        model = Org
        fields = ("name", "title")


class WholeOrg(OrgOut):
    """An organisation as it is kept."""

    class Meta:
        model = Org
        fields = "__all__"


class Member(serializers.ModelSerializer):
    """A member of an organisation."""

    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Membership
        fields = ("username", "role")


class ProjectOut(serializers.ModelSerializer):
    """A project."""

    slug = Slug()
    title = Text(max_length=100)
    summary = Text(max_length=500, required=False, allow_blank=True)

    class Meta:
        model = Project
        fields = ("slug", "title", "summary", "budget")
        read_only_fields = ("budget",)


class SampleOut(serializers.ModelSerializer):
    """A sample."""

    name = Slug()
    species = Text(max_length=100)
    note = Text(max_length=500, required=False, allow_blank=True)

    class Meta:
        model = Sample
        fields = ("name", "species", "note", "taken")


class Grant(serializers.Serializer):
    """Money for a project, in whole euros."""

    amount = serializers.IntegerField(min_value=1, max_value=100_000)


class AnyGrant(serializers.Serializer):
    """Money for a project."""

    amount = serializers.FloatField()
