// A fluid on a staggered grid, as cnnhistory.graphics.fluid has it, with the semi-Lagrangian scheme
// and steps of 1. A velocity is two fields: down, on the faces above and below cells, and right.
import { answer } from "./network.mjs";
import { beside, tensor } from "./tensor.mjs";

export function boxOf(solid, side) {
  const fluid = Float32Array.from(solid, (v) => (v ? 0 : 1));
  const open = [tensor([side + 1, side]), tensor([side, side + 1])]; // 1 between cells with fluid
  for (let n = 0; n < side ** 2; n++) {
    if (n >= side) open[0].data[n] = fluid[n] * fluid[n - side];
    if (n % side) open[1].data[n + Math.floor(n / side)] = fluid[n] * fluid[n - 1];
  }
  const count = fluid.map((_, n) => { // open faces around each cell, at least 1
    const k = n + Math.floor(n / side);
    return Math.max(1, open[0].data[n] + open[0].data[n + side] + open[1].data[k] + open[1].data[k + 1]);
  });
  return { side, fluid, open, count, cells: Math.max(1, fluid.reduce((sum, v) => sum + v, 0)) };
}

export const still = ({ side }) => [tensor([side + 1, side]), tensor([side, side + 1])];
export const closed = (velocity, { open }) =>
  velocity.map(({ shape, data }, axis) => tensor(shape, data.map((v, n) => v * open[axis].data[n])));

// The value between points; places outside are moved to the border.
function between({ shape: [h, w], data }, y, x) {
  y = Math.min(h - 1, Math.max(0, y));
  x = Math.min(w - 1, Math.max(0, x));
  const [i, j] = [Math.min(Math.floor(y), h - 2), Math.min(Math.floor(x), w - 2)];
  const [b, a, n] = [y - i, x - j, i * w + j];
  return (1 - b) * ((1 - a) * data[n] + a * data[n + 1]) + b * ((1 - a) * data[n + w] + a * data[n + w + 1]);
}

// Reads a field where its fluid was a step ago, by the midpoint rule. Its points stand (above, left)
// before the middles of the cells.
function carried(field, [down, right], above, left) {
  const w = field.shape[1];
  return tensor(field.shape, field.data.map((_, n) => {
    const [y, x] = [Math.floor(n / w) - above, (n % w) - left];
    const middle = [y - between(down, y + 0.5, x) / 2, x - between(right, y, x + 0.5) / 2];
    const [v, u] = [between(down, middle[0] + 0.5, middle[1]), between(right, middle[0], middle[1] + 0.5)];
    return between(field, y - v + above, x - u + left);
  }));
}

// Continues smoke two cells into the obstacles, by the mean of the neighbors that have a value.
function intoSolid(smoke, { side, fluid }) {
  let [field, known] = [smoke, fluid];
  for (let turn = 0; turn < 2; turn++) {
    const [old, before] = [field, known];
    const around = (n) => beside(n, side).filter((k) => before[k]);
    field = old.map((v, n) => (before[n] ? v : around(n).reduce((sum, k, _, { length }) => sum + old[k] / length, 0)));
    known = before.map((v, n) => (v || around(n).length ? 1 : 0));
  }
  return tensor([side, side], field);
}

// All of a step but the projection: carry, add smoke, let it rise.
export function moved({ velocity, smoke }, box, source, lift) {
  const { side, fluid } = box;
  const there = carried(intoSolid(smoke, box), velocity, 0, 0).data.map((v, n) => fluid[n] * (v + source[n]));
  const now = [carried(velocity[0], velocity, 0.5, 0), carried(velocity[1], velocity, 0, 0.5)];
  for (let n = side; n < side ** 2; n++) now[0].data[n] -= (lift * (there[n] + there[n - side])) / 2;
  return { velocity: closed(now, box), smoke: there };
}

export function divergence([{ data: down }, { data: right }], { side, fluid }) {
  return fluid.map((v, n) => {
    const k = n + Math.floor(n / side);
    return v * (down[n + side] - down[n] + right[k + 1] - right[k]);
  });
}

// The sum of a cell's pressure minus those behind its open faces.
function differences(p, { side, open: [{ data: down }, { data: right }] }) {
  const found = new Float32Array(p.length);
  for (let n = 0, k = 0; n < p.length; n++, k++) {
    if (n && n % side === 0) k++; // a row has one face to the right more than cells
    if (down[n]) found[n] += p[n] - p[n - side];
    if (down[n + side]) found[n] += p[n] - p[n + side];
    if (right[k]) found[n] += p[n] - p[n - 1];
    if (right[k + 1]) found[n] += p[n] - p[n + 1];
  }
  return found;
}

const norm = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

// The share of the divergence that a pressure leaves.
export const shareLeft = (flow, pressure, box) =>
  norm(differences(pressure, box).map((v, n) => v + flow[n])) / Math.max(norm(flow), 1e-30);

function centered(pressure, { fluid, cells }) {
  const mean = pressure.reduce((sum, v, n) => sum + v * fluid[n], 0) / cells;
  return pressure.map((v, n) => (v - mean) * fluid[n]);
}

export function jacobi(flow, box, sweeps) {
  const p = new Float32Array(flow.length);
  for (let sweep = 1; sweep <= sweeps; sweep++) {
    const half = sweep < sweeps ? 1 : 2; // the mean of the last two, or a checkerboard would stay
    const step = differences(p, box);
    for (let n = 0; n < p.length; n++) p[n] -= (step[n] + flow[n]) / box.count[n] / half;
  }
  return centered(p, box);
}

export function learned(flow, box, network) {
  const size = norm(flow) / Math.sqrt(box.cells);
  const maps = new Float32Array(2 * flow.length);
  maps.set(flow.map((v) => v / Math.max(size, 1e-30)));
  maps.set(box.fluid, flow.length);
  return centered(answer(network, maps), box).map((v) => size * v);
}

// Takes the differences of the pressure off the velocity.
export function projected(velocity, p, box) {
  return closed(velocity, box).map(({ shape, data }, axis) => tensor(shape, data.map((v, n) => {
    const cell = axis ? n - Math.floor(n / shape[1]) : n; // behind the face
    return box.open[axis].data[n] ? v - p[cell] + p[cell - (axis ? 1 : box.side)] : v;
  })));
}
