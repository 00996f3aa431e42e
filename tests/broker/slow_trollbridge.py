"""`trollbridge` on a slow Faust."""

from streams.cli import main
from tests.slow_faust import slow_down

if __name__ == "__main__":
    slow_down()
    main()
