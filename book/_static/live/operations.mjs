// What a network consists of. Each operation takes its inputs, one image without a batch, and the
// node of the graph, and returns a new tensor. The names are those of cnnhistory.export.operations.
import { sizeOf, tensor } from "./tensor.mjs";

const each = (x, rule) => tensor(x.shape, x.data.map(rule));

// Windows of a convolution as columns: row k = (map, row, column of the kernel), column = place.
export function columns(x, from, maps, [kh, kw], { stride, padding, dilation }, [h, w]) {
  const [, height, width] = x.shape;
  const cols = new Float32Array(maps * kh * kw * h * w);
  for (let c = 0, k = 0; c < maps; c++) {
    const map = (from + c) * height * width;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++, k++) {
        for (let y = 0; y < h; y++) {
          const row = y * stride[0] - padding[0] + i * dilation[0];
          if (row < 0 || row >= height) continue;
          let column = j * dilation[1] - padding[1];
          for (let p = (k * h + y) * w, end = p + w; p < end; p++, column += stride[1]) {
            if (column >= 0 && column < width) cols[p] = x.data[map + row * width + column];
          }
        }
      }
    }
  }
  return cols;
}

export const outputSize = ([, ...sizes], kernel, { stride, padding, dilation }) => sizes.map((n, axis) =>
  Math.floor((n + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1);

export function conv([x], { settings, tensors: { weight, bias } }) {
  const [out, maps, kh, kw] = weight.shape;
  const groups = settings.groups ?? 1;
  const [h, w] = outputSize(x.shape, [kh, kw], settings);
  const [depth, spots, perGroup] = [maps * kh * kw, h * w, out / groups];
  const y = tensor([out, h, w]);
  for (let g = 0; g < groups; g++) {
    const cols = columns(x, g * maps, maps, [kh, kw], settings, [h, w]);
    for (let o = g * perGroup; o < (g + 1) * perGroup; o++) {
      const sums = y.data.subarray(o * spots, (o + 1) * spots);
      for (let k = 0; k < depth; k++) {
        const v = weight.data[o * depth + k];
        if (v === 0) continue;
        for (let p = 0, q = k * spots; p < spots; p++, q++) sums[p] += v * cols[q];
      }
    }
  }
  if (bias) {
    const shared = bias.data.length === out; // else every unit has its own
    for (let n = 0; n < y.data.length; n++) {
      y.data[n] += bias.data[shared ? Math.floor(n / spots) : n];
    }
  }
  return y;
}

function scaled(y, alpha, places = null) {
  const spots = y.data.length / y.shape[0];
  for (let n = 0; n < y.data.length; n++) {
    y.data[n] *= (alpha ? alpha.data[Math.floor(n / spots)] : 1) * (places ? places[n % spots] : 1);
  }
  return y;
}

// The mean absolute input below each window; padding counts as 0.
function inputScale(x, size, settings) {
  const [maps, height, width] = x.shape;
  const mean = tensor([1, height, width]);
  x.data.forEach((v, n) => (mean.data[n % (height * width)] += Math.abs(v) / maps));
  return means([mean], { settings: { ...settings, size } }).data;
}

const ones = (settings) => ({ dilation: [1, 1], groups: 1, ...settings });
const sign = (v) => (v >= 0 ? 1 : -1);

export function ofBits(v) {
  v -= (v >>> 1) & 0x55555555;
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

// Signs along the maps as words of 32 bits: for each place `words` of them.
export function pack(data, maps, spots) {
  const words = Math.ceil(maps / 32);
  const packed = new Uint32Array(words * spots);
  for (let c = 0; c < maps; c++) {
    for (let p = 0; p < spots; p++) {
      if (data[c * spots + p] >= 0) packed[p * words + (c >> 5)] |= 1 << (c & 31);
    }
  }
  return packed;
}

// The convolution of signs with an exclusive or and a count of bits on words. What lies beyond the
// border counts as 0, neither +1 nor -1, so its taps are left out.
export function signConvPacked([x], node) {
  const { settings, tensors: { weight, alpha } } = node;
  const [out, maps, kh, kw] = weight.shape;
  const [h, w] = outputSize(x.shape, [kh, kw], ones(settings));
  const { stride, padding } = settings;
  const [, height, width] = x.shape;
  const [words, taps] = [Math.ceil(maps / 32), kh * kw];
  node.packed ??= Array.from({ length: out }, (_, o) =>
    pack(weight.data.subarray(o * maps * taps, (o + 1) * maps * taps), maps, taps));
  const bits = pack(x.data, maps, height * width);
  const y = tensor([out, h, w]);
  for (let p = 0; p < h * w; p++) {
    const top = Math.floor(p / w) * stride[0] - padding[0];
    const left = (p % w) * stride[1] - padding[1];
    const [i0, i1] = [Math.max(0, -top), Math.min(kh, height - top)];
    const [j0, j1] = [Math.max(0, -left), Math.min(kw, width - left)];
    const all = (i1 - i0) * (j1 - j0) * maps;
    for (let o = 0; o < out; o++) {
      const kernel = node.packed[o];
      let unlike = 0;
      for (let i = i0; i < i1; i++) {
        let a = ((top + i) * width + left + j0) * words;
        let b = (i * kw + j0) * words;
        for (const end = (i * kw + j1) * words; b < end; a++, b++) unlike += ofBits(bits[a] ^ kernel[b]);
      }
      y.data[o * h * w + p] = all - 2 * unlike;
    }
  }
  return scaled(y, alpha, settings.input_scale && inputScale(x, [kh, kw], settings));
}

function linear([x], { tensors: { weight, bias } }) {
  const [out, width] = weight.shape;
  const y = tensor([out]);
  for (let o = 0, k = 0; o < out; o++) {
    let sum = bias ? bias.data[o] : 0;
    for (let n = 0; n < width; n++, k++) sum += weight.data[k] * x.data[n];
    y.data[o] = sum;
  }
  return y;
}

function pool(start, step, end) {
  return ([x], { settings: { size, stride, padding } }) => {
    const settings = { stride, padding, dilation: [1, 1] };
    const [maps, height, width] = x.shape;
    const [h, w] = outputSize(x.shape, size, settings);
    const y = tensor([maps, h, w]);
    for (let n = 0; n < y.data.length; n++) {
      const [map, row, column] = [Math.floor(n / (h * w)), Math.floor(n / w) % h, n % w];
      let found = start;
      for (let i = 0; i < size[0]; i++) {
        const r = row * stride[0] - padding[0] + i;
        for (let j = 0; j < size[1] && r >= 0 && r < height; j++) {
          const c = column * stride[1] - padding[1] + j;
          if (c >= 0 && c < width) found = step(found, x.data[(map * height + r) * width + c]);
        }
      }
      y.data[n] = end(found, size[0] * size[1]);
    }
    return y;
  };
}

const add = (a, b) => a + b;
const sums = pool(0, add, (sum) => sum);
const first = pool(0, (_, v) => v, (v) => v);
const means = pool(0, add, (sum, n) => sum / n);

export const OPERATIONS = {
  conv,
  linear,
  sign_conv: ([x], { settings, tensors: { weight, alpha } }) =>
    scaled(conv([x], { settings: ones(settings), tensors: { weight } }), alpha),
  sign_linear: ([x], { tensors: { weight, alpha } }) => scaled(linear([x], { tensors: { weight } }), alpha),
  xnor_conv: signConvPacked,
  sign: ([x]) => each(x, sign),
  relu: ([x]) => each(x, (v) => (v > 0 ? v : 0)),
  sigmoid: ([x]) => each(x, (v) => 1 / (1 + Math.exp(-v))),
  tanh: ([x], { settings: { amplitude, slope } }) => each(x, (v) => amplitude * Math.tanh(slope * v)),
  negative: ([x]) => each(x, (v) => -v),
  maxpool: pool(-Infinity, Math.max, (most) => most),
  avgpool: means,
  mean: ([x]) => means([x], { settings: { size: x.shape.slice(1), stride: [1, 1], padding: [0, 0] } }),
  subsample: ([x], { tensors: { weight, bias } }) => {
    const y = scaled(sums([x], { settings: { size: [2, 2], stride: [2, 2], padding: [0, 0] } }), weight);
    return tensor(y.shape, y.data.map((v, n) => v + bias.data[Math.floor((n * y.shape[0]) / y.data.length)]));
  },
  norm: ([x], { settings: { eps }, tensors: { mean, var: variance, weight, bias } }) => {
    const spots = x.data.length / x.shape[0];
    const y = tensor(x.shape);
    for (let c = 0; c < x.shape[0]; c++) {
      const scale = (weight ? weight.data[c] : 1) / Math.sqrt(variance.data[c] + eps);
      const shift = (bias ? bias.data[c] : 0) - scale * mean.data[c];
      for (let n = c * spots; n < (c + 1) * spots; n++) y.data[n] = scale * x.data[n] + shift;
    }
    return y;
  },
  distance: ([x], { tensors: { codes } }) => {
    const [classes, width] = codes.shape;
    const far = (_, k) => x.data.reduce((sum, v, n) => sum + (v - codes.data[k * width + n]) ** 2, 0);
    return tensor([classes], Float32Array.from({ length: classes }, far));
  },
  embed: ([x], { tensors: { weight: { shape: [, dim], data } } }) => {
    const y = tensor([...x.shape, dim]);
    x.data.forEach((id, n) => y.data.set(data.subarray(id * dim, (id + 1) * dim), n * dim));
    return y;
  },
  flatten: ([x]) => tensor([x.data.length], x.data),
  add: ([x, y]) => tensor(x.shape, x.data.map((v, n) => v + y.data[n])),
  concat: (parts) => {
    const y = tensor([parts.reduce((sum, x) => sum + x.shape[0], 0), ...parts[0].shape.slice(1)]);
    parts.reduce((at, x) => (y.data.set(x.data, at), at + x.data.length), 0);
    return y;
  },
  pad: ([x], { settings: { border: [left, right, top, bottom], value } }) => {
    const [maps, height, width] = x.shape;
    const [h, w] = [top + height + bottom, left + width + right];
    const y = tensor([maps, h, w], new Float32Array(sizeOf([maps, h, w])).fill(value));
    for (let n = 0; n < maps * height; n++) {
      const to = (Math.floor(n / height) * h + top + (n % height)) * w + left;
      y.data.set(x.data.subarray(n * width, (n + 1) * width), to);
    }
    return y;
  },
  upsample: ([x]) => { // twice as large, linear between the middles of pixels
    const [maps, height, width] = x.shape;
    const y = tensor([maps, 2 * height, 2 * width]);
    for (let n = 0, w = 2 * width; n < y.data.length; n++) { // three quarters of the nearest, a quarter of the next
      const [map, i, j] = [Math.floor(n / (2 * height * w)), Math.floor(n / w) % (2 * height), n % w];
      const [near, left] = [map * height + (i >> 1), j >> 1];
      const next = map * height + Math.min(height - 1, Math.max(0, (i >> 1) + (i & 1 ? 1 : -1)));
      const right = Math.min(width - 1, Math.max(0, left + (j & 1 ? 1 : -1)));
      const row = (r) => 0.75 * x.data[r * width + left] + 0.25 * x.data[r * width + right];
      y.data[n] = 0.75 * row(near) + 0.25 * row(next);
    }
    return y;
  },
  thin: ([x], { settings: { stride, extra } }) => {
    const { shape: [maps, h, w], data } = first([x], { settings: { size: [1, 1], stride: [stride, stride], padding: [0, 0] } });
    const y = tensor([maps + extra, h, w]);
    y.data.set(data);
    return y;
  },
};
