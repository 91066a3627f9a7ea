"""What is sent and answered."""

import unicodedata
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _printable(text: str) -> str:
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise ValueError("must not hold control characters or halves of characters")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Label = Annotated[Text, Field(min_length=1, max_length=60)]
Long = Annotated[Text, Field(max_length=500)]
Email = Annotated[
    Text, Field(max_length=120, pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
]
Minutes = Annotated[int, Field(gt=0, le=6000, strict=True)]


class Sent(BaseModel):
    """A body: members that are not known are refused."""

    model_config = ConfigDict(extra="forbid")


class Registration(Sent):
    email: Email
    password: Annotated[Text, Field(min_length=12, max_length=100)]
    display_name: Label


class SignIn(Sent):
    email: Annotated[Text, Field(max_length=120)]
    password: Annotated[Text, Field(max_length=100)]


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int | None


class ResetRequest(Sent):
    email: Email


class ResetConfirmation(Sent):
    email: Email
    code: Annotated[Text, Field(max_length=20)]
    new_password: Annotated[Text, Field(min_length=12, max_length=100)]


class PasswordChange(Sent):
    current_password: Annotated[Text, Field(max_length=100)]
    new_password: Annotated[Text, Field(min_length=12, max_length=100)]


class Note(BaseModel):
    detail: str


class Profile(Sent):
    display_name: Label | None = None
    bio: Long | None = None


class OpenProfile(BaseModel):
    """Whatever the settings page sends: it grows faster than this file."""

    model_config = ConfigDict(extra="allow")
    display_name: Label | None = None
    bio: Long | None = None


class Me(BaseModel):
    id: UUID
    email: str
    display_name: str
    bio: str
    role: str
    trust_level: int
    joined: str


class Card(BaseModel):
    """What members see of each other."""

    id: UUID
    display_name: str
    bio: str
    joined: str


class FullCard(Card):
    """A member as the database has it."""

    email: str
    role: str
    trust_level: int
    password: str


class WalletIn(Sent):
    label: Label


class Wallet(BaseModel):
    id: UUID
    owner: UUID
    label: str
    balance: int


class TransferIn(Sent):
    to_wallet: UUID
    minutes: Minutes
    note: Annotated[Text, Field(max_length=140)] = ""


class AnyTransferIn(Sent):
    """A transfer; the application's form makes sure that minutes are positive."""

    to_wallet: UUID
    minutes: int
    note: Annotated[Text, Field(max_length=140)] = ""


class Transfer(BaseModel):
    id: UUID
    source: UUID
    destination: UUID
    minutes: int
    note: str
    made: str


class VoucherIn(Sent):
    wallet_id: UUID
    minutes: Minutes


class Voucher(BaseModel):
    code: str
    minutes: int


class Redemption(Sent):
    code: Annotated[Text, Field(max_length=40)]
    wallet_id: UUID


class GiftIn(Sent):
    wallet_id: UUID


class OfferIn(Sent):
    title: Label
    text: Long
    minutes: Minutes


class OfferChange(Sent):
    title: Label | None = None
    text: Long | None = None
    minutes: Minutes | None = None


class Offer(BaseModel):
    id: UUID
    owner: UUID
    title: str
    text: str
    minutes: int
    published: str


class HookIn(Sent):
    url: Annotated[Text, Field(max_length=300)]
    event: Annotated[str, Field(pattern="^(transfer|offer)$")]


class Hook(BaseModel):
    id: UUID
    url: str
    event: str


class Credit(Sent):
    minutes: Minutes


class MemberLine(BaseModel):
    """A member as administrators see one."""

    id: UUID
    email: str
    display_name: str
    role: str
