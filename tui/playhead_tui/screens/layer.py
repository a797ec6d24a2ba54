"""What the layers above the main screen share: a framed box with a title, lists in it, Esc to close."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

Result = TypeVar("Result")

_BORDER_ROWS = 2


class LayerBox(Vertical):
    """The frame of a layer, as high as what it holds and no higher than the screen allows."""

    def __init__(self, title: str, subtitle: str, *, rows: int | None = None, narrow: bool = False) -> None:
        """rows: of everything inside, to begin with; None for all that the screen allows. Titles are plain text."""
        super().__init__(classes="layer -narrow" if narrow else "layer")
        self.border_title, self.border_subtitle = (text.replace("[", "\\[") for text in (title, subtitle))
        if rows is not None:
            self.styles.height = rows + _BORDER_ROWS


class Layer(ModalScreen[Result | None]):
    """Closes with Esc, and then answers None. `q` closes it too: it never quits from here."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "Close", show=False)]

    def action_close(self) -> None:
        self.dismiss(None)
