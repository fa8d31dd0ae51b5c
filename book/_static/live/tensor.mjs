// A tensor: its shape, and its values in a typed array, the last dimension running fastest.

export const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);

export function tensor(shape, data = new Float32Array(sizeOf(shape))) {
  if (data.length !== sizeOf(shape)) throw new Error(`${data.length} values for ${shape}`);
  return { shape, data };
}

// Numbers of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
export function fromHalf(view, offset, count) {
  const values = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    const bits = view.getUint16(offset + 2 * n, true);
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    values[n] = bits >> 15 ? -size : size;
  }
  return values;
}

export function fromFloat(view, offset, count) {
  return Float32Array.from({ length: count }, (_, n) => view.getFloat32(offset + 4 * n, true));
}

// +1 and -1, eight in a byte, the first in the highest bit.
export function fromBits(view, offset, count) {
  const values = new Float32Array(count);
  for (let n = 0; n < count; n++) {
    values[n] = (view.getUint8(offset + (n >> 3)) >> (7 - (n & 7))) & 1 ? 1 : -1;
  }
  return values;
}

export const largest = (values) => values.reduce((best, v, n) => (v > values[best] ? n : best), 0);
