"""The scattering transform: two layers of wavelets with moduli, every output averaged."""

from __future__ import annotations

import math
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.nn.scattering.morlet import low_pass, morlet
from cnnhistory.nn.size import check_images

Path = tuple[tuple[int, int], ...]


class Scattering2d(nn.Module):
    """Cascade wavelets and moduli, and average what each of them gives.

    S_0 x = x * phi
    S_1 x = |x * psi_1| * phi
    S_2 x = ||x * psi_1| * psi_2| * phi

    phi averages over about 2^J pixels, and every 2^J-th value is kept. There is a wavelet psi of
    every scale 2^j, 0 <= j < J, in each of L directions; in the second layer only of coarser ones
    than in the first, for a modulus is smoother than what it is taken of and finer wavelets find
    next to nothing in it. Nothing is learned. A modulus of scale 2^j is computed at every 2^j-th
    pixel, which is enough for what the wavelet has left.

    Convolutions are products of Fourier transforms. The image is reflected at its edges by 2^J
    pixels.

    Args:
        image_size: height and width of the images, a multiple of 2^scales, at least twice it.
        scales: J.
        angles: L.
        order: how many layers, 0 to 2.

    Shape: input (N, C, image_size, image_size), output (N, C K, image_size / 2^J,
    image_size / 2^J), the K = 1 + J L + L^2 J (J - 1) / 2 outputs of a channel together, in the
    order of `paths` (of `order` 2; the last sum goes with the last layer).

    Units: those of the image.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: bruna2013invariant, Sections 2.1 and 2.3.

    Deviations: the wavelets are longer across their direction than along it (slant 4 / L), as in
    later software of the group; the paper's are round.

    >>> scatter = Scattering2d(32, scales=3, angles=8)
    >>> len(scatter.paths), tuple(scatter(torch.zeros(2, 1, 32, 32)).shape)
    (217, (2, 217, 4, 4))
    >>> scatter.paths[0], scatter.paths[1], scatter.paths[-1]
    ((), ((0, 0),), ((1, 7), (2, 7)))
    """

    wavelets: Tensor
    average: Tensor

    def __init__(self, image_size: int, scales: int = 3, angles: int = 8, order: int = 2) -> None:
        super().__init__()
        check_counts(scales=scales, angles=angles)
        check_integer("order", order, 0, 2)
        coarsest = 2**scales
        if not isinstance(image_size, int) or image_size < 2 * coarsest or image_size % coarsest:
            wanted = f"a multiple of {coarsest}, at least {2 * coarsest}"
            raise expected("image_size", wanted, image_size)
        self.image_size, self.scales, self.angles, self.order = image_size, scales, angles, order
        side = image_size + 2 * coarsest
        bank = [
            morlet(side, 0.8 * 2**j, 0.75 * math.pi / 2**j, t * math.pi / angles, 4 / angles)
            for j, t in product(range(scales), range(angles))
        ]
        bank_of_scales = torch.stack(bank).reshape(scales, angles, side, side)
        dtype = torch.get_default_dtype()
        self.register_buffer("wavelets", bank_of_scales.to(dtype), persistent=False)
        phi = low_pass(side, 0.8 * 2 ** (scales - 1))
        self.register_buffer("average", phi.to(dtype), persistent=False)

    @property
    def paths(self) -> list[Path]:
        """The pairs (scale j, direction t) of the wavelets that lead to each output, in order."""
        first = list(product(range(self.scales), range(self.angles)))
        layers: list[list[Path]] = [
            [()],
            [(one,) for one in first],
            [(one, two) for one, two in product(first, first) if two[0] > one[0]],
        ]
        return [path for layer in layers[: self.order + 1] for path in layer]

    def forward(self, x: Tensor) -> Tensor:
        """Return the averages of the image and of its moduli."""
        check_images(x, x.shape[1] if x.dim() == 4 else 1, self.image_size)
        spectrum = torch.fft.fft2(F.pad(x, [2**self.scales] * 4, mode="reflect"))
        out = [[self.averaged(spectrum, 0)[:, :, None]], [], []]  # (N, C, paths, h, w) each
        for j in range(self.scales if self.order > 0 else 0):
            first = self.modulus(spectrum, 0, j)  # (N, C, L, H / 2^j, W / 2^j)
            out[1].append(self.averaged(first, j))
            second = [
                self.averaged(self.modulus(first, j, k), k)  # (N, C, L, L, h, w)
                for k in range(j + 1, self.scales if self.order > 1 else 0)
            ]
            if second:
                out[2].append(torch.cat(second, 3).flatten(2, 3))
        return torch.cat([part for layer in out for part in layer], 2).flatten(1, 2)

    def modulus(self, spectrum: Tensor, at: int, scale: int) -> Tensor:
        """Return the spectra of the moduli |x * psi| of one scale, in all directions.

        Args:
            spectrum: of x, at every 2^at-th pixel.
            at: log2 of the distance of its pixels.
            scale: of the wavelets, and log2 of the distance of the pixels of what is returned.
        """
        wavelets = at_resolution(self.wavelets[scale], at)  # (L, H / 2^at, W / 2^at)
        waves = filtered(spectrum, wavelets, 2 ** (scale - at))
        return torch.fft.fft2(torch.fft.ifft2(waves).abs())

    def averaged(self, spectrum: Tensor, at: int) -> Tensor:
        """Return x * phi at every 2^J-th pixel, without the reflected edges."""
        phi = at_resolution(self.average[None], at)
        means = torch.fft.ifft2(filtered(spectrum, phi, 2 ** (self.scales - at)))
        return means.real[..., 0, 1:-1, 1:-1]

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.image_size}, {self.scales}, {self.angles}, order={self.order}"


def at_resolution(response: Tensor, at: int) -> Tensor:
    """Return what a filter does to the frequencies that every 2^at-th pixel can represent.

    Shape: (..., H, W), result (..., H / 2^at, W / 2^at).

    >>> at_resolution(torch.arange(8.0).expand(8, 8), 1)[0].tolist()  # the lowest frequencies
    [0.0, 1.0, 6.0, 7.0]
    """
    for dim in (-2, -1):
        size = response.shape[dim]
        half = size // 2 ** (at + 1)
        ends = response.narrow(dim, 0, half), response.narrow(dim, size - half, half)
        response = torch.cat(ends, dim)
    return response


def filtered(spectrum: Tensor, responses: Tensor, step: int = 1) -> Tensor:
    """Return the spectra of every step-th value of a signal behind each of several filters.

    A filter multiplies each frequency by its response. Of the products those are added up that
    samples at a distance of `step` cannot tell apart: aliasing, in one line.

    Shape: spectrum (..., H, W), responses (L, H, W), result (..., L, H / step, W / step), H and W
    multiples of the step.

    >>> x, all_pass = torch.arange(16.0).reshape(4, 4), torch.ones(1, 4, 4)
    >>> torch.fft.ifft2(filtered(torch.fft.fft2(x), all_pass, 2)).real.tolist()
    [[[0.0, 2.0], [8.0, 10.0]]]
    """
    height, width = (size // step for size in spectrum.shape[-2:])
    fold = (step, height, step, width)
    x = spectrum.reshape(*spectrum.shape[:-2], *fold)
    by = responses.reshape(len(responses), *fold).to(x.dtype)
    return torch.einsum("...ahbw,lahbw->...lhw", x, by) / step**2
