from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

_F = TypeVar("_F", np.float32, np.float64)
_Quantity = tuple[str, str, float, float, float]

class Rtm:
    def __init__(
        self,
        *,
        variant: Literal["published", "enmap_box", "sail"] = "published",
        sensor: Literal["s2a", "s2b", "l8", "l9"] = "s2a",
        free: Sequence[str],
        bands: Sequence[str] | None = None,
        leaf: str | None = None,
        fixed: Mapping[str, float] | None = None,
        geometry: Sequence[str] | None = None,
        precision: Literal["double", "single"] = "double",
        threads: int | None = None,
    ) -> None: ...
    @property
    def parameters(self) -> list[_Quantity]: ...
    @property
    def geometry(self) -> list[_Quantity]: ...
    @property
    def bands(self) -> list[str]: ...
    def forward(
        self, params: NDArray[_F], geometry: NDArray[np.float32] | NDArray[np.float64] | None = None
    ) -> NDArray[_F]: ...
    def forward_with_jacobian(
        self, params: NDArray[_F], geometry: NDArray[np.float32] | NDArray[np.float64] | None = None
    ) -> tuple[NDArray[_F], NDArray[_F]]: ...

class Model:
    def __init__(
        self,
        run: PathLike[str],
        *,
        write: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        refine: int = 0,
        threads: int | None = None,
    ) -> None: ...
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
        angles: NDArray[np.float32] | NDArray[np.float64] | None,
        masked: NDArray[np.bool_] | None,
        digital_numbers: tuple[float, float] | None,
        nodata: float | None,
    ) -> dict[str, NDArray[Any]]: ...
