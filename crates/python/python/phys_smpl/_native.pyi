from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, final

import numpy as np
from numpy.typing import NDArray

_F = TypeVar("_F", np.float32, np.float64)
_Angles = NDArray[np.float32] | NDArray[np.float64]
_Quantity = tuple[str, str, float, float, float]

__all__ = ["__version__", "MOST_THREADS", "Model", "Rtm"]

__version__: str
MOST_THREADS: int

@final
class Rtm:
    def __new__(
        cls,
        *,
        variant: str = "published",
        sensor: str = "s2a",
        free: Sequence[str],
        bands: Sequence[str] | None = None,
        leaf: str | None = None,
        fixed: Mapping[str, float] | None = None,
        geometry: Sequence[str] | None = None,
        precision: str = "double",
        threads: int | None = None,
    ) -> Rtm: ...
    @property
    def parameters(self) -> list[_Quantity]: ...
    @property
    def geometry(self) -> list[_Quantity]: ...
    @property
    def bands(self) -> list[str]: ...
    @property
    def name(self) -> str: ...
    def forward(self, params: NDArray[_F], geometry: _Angles | None) -> NDArray[_F]: ...
    def forward_with_jacobian(
        self, params: NDArray[_F], geometry: _Angles | None
    ) -> tuple[NDArray[_F], NDArray[_F]]: ...

@final
class Model:
    def __new__(
        cls,
        run: Path,
        *,
        write: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        refine: int = 0,
        threads: int | None = None,
    ) -> Model: ...
    @property
    def channels(self) -> list[str]: ...
    @property
    def angles(self) -> list[_Quantity]: ...
    @property
    def columns(self) -> list[tuple[str, str, str]]: ...
    @property
    def flags(self) -> list[tuple[int, str]]: ...
    @property
    def weights(self) -> Path: ...
    def infer(
        self,
        x: NDArray[Any],
        angles: _Angles | None,
        alike: Sequence[int],
        masked: NDArray[np.bool_] | None,
        digital_numbers: tuple[float, float] | None,
        nodata: float | None,
    ) -> dict[str, NDArray[Any]]: ...
