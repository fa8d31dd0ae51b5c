// A tensor: its shape, and its values in a typed array, the last dimension running fastest.
export const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);
export function tensor(shape, data = new Float32Array(sizeOf(shape))) {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for ${shape}`);
  return { shape, data };
}

// Numbers of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
export function fromHalf(view, offset, count) {
  return Float32Array.from({ length: count }, (_, n) => {
    const bits = view.getUint16(offset + 2 * n, true);
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return bits >> 15 ? -size : size;
  });
}
export const fromFloat = (view, offset, count) =>
  Float32Array.from({ length: count }, (_, n) => view.getFloat32(offset + 4 * n, true));

// +1 and -1, eight in a byte, the first in the highest bit.
export const fromBits = (view, offset, count) => Float32Array.from({ length: count }, (_, n) =>
  ((view.getUint8(offset + (n >> 3)) >> (7 - (n & 7))) & 1 ? 1 : -1));

// The places that share an edge with a place of a square; those outside are -1 or behind the end.
export const beside = (n, side) => [n - side, n + side, n % side ? n - 1 : -1, (n + 1) % side ? n + 1 : -1];
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
export const largest = (values) => values.reduce((best, v, n) => (v > values[best] ? n : best), 0);
