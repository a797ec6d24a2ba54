"""What the layers above the main screen share: a framed box with a title, lists in it, Esc to close."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

Result = TypeVar("Result")


class Layer(ModalScreen[Result | None]):
    """Closes with Esc, and then answers None. `q` closes it too: it never quits from here."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "Close", show=False)]

    def action_close(self) -> None:
        self.dismiss(None)
