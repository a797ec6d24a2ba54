"""The `playhead` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from playhead.errors import PlayheadError, QuestionStoppedError

EXIT_OK = 0
EXIT_NO = 1
"""The answer is no: the key does not exist, the moments differ (with --exit-code), the restore was not confirmed."""
EXIT_MISTAKE = 2
"""The call or its input was wrong; one line on stderr says what."""
EXIT_INTERRUPTED = 130
INTERRUPTED = "playhead: interrupted"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is one line on stderr, never a traceback."""
    try:
        from playhead_tui.cli.parser import parser

        options = parser().parse_args(arguments)
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except (KeyboardInterrupt, QuestionStoppedError):
        print(INTERRUPTED, file=sys.stderr)
        return EXIT_INTERRUPTED
    except PlayheadError as error:
        print(f"playhead: {error}", file=sys.stderr)
        return EXIT_MISTAKE
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        # What no layer below expected of the disk: still one line that names the file.
        print(f"playhead: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return EXIT_MISTAKE
