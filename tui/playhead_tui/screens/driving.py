"""The driver at work behind the main screen: moves are made, and commits of others are looked for."""

from __future__ import annotations

from textual import work

from playhead import PlayheadError
from playhead_tui.driver import Driver
from playhead_tui.screens.flows import Flows

POLL_SECONDS = 0.25
"""Between two looks for new commits, while they come; it grows to the most while none do."""
POLL_SECONDS_MOST = 1.0


class Driving(Flows):
    def __init__(self) -> None:
        super().__init__()
        self._poll_pause = POLL_SECONDS

    def fail(self, error: Exception) -> None:
        """Say why nothing can be shown any more."""
        raise NotImplementedError

    def run_driver(self) -> None:
        if self.driver is not None:
            self.run_worker(self._drive(self.driver), group="drive", exit_on_error=True)

    async def _drive(self, driver: Driver) -> None:
        try:
            await driver.run()
        except (PlayheadError, OSError) as error:
            reason = await driver.reason(error)
            if driver is self.driver:
                self.fail(reason)

    def _poll(self) -> None:
        if self.driver is not None and self.driver.idle and self.playhead_app.grows(self.driver.store):
            self._refresh(self.driver)
        else:
            self._poll_again(POLL_SECONDS)

    def begin_polling(self) -> None:
        """Look for new commits from now on."""
        self._poll_again(POLL_SECONDS)

    def _poll_again(self, pause: float) -> None:
        self._poll_pause = pause
        if self.is_running:
            self.set_timer(pause, self._poll)

    @work(group="poll")
    async def _refresh(self, driver: Driver) -> None:
        grown = False
        try:
            grown = await self._refresh_now(driver)
        finally:
            # A run that rests is asked less often.
            self._poll_again(POLL_SECONDS if grown else min(1.25 * self._poll_pause, POLL_SECONDS_MOST))

    async def refresh_now(self) -> None:
        """Show what other processes have committed since."""
        if self.driver is not None:
            await self._refresh_now(self.driver)

    async def _refresh_now(self, driver: Driver) -> bool:
        try:
            grown = await driver.refresh()
        except (PlayheadError, OSError) as error:
            if driver is self.driver:
                self.fail(error)
            return False
        if grown and driver is self.driver:
            self.look_again()
        return grown
