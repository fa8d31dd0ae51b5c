// Loads a network, NAME.json and NAME.bin as `cnnhistory export` writes them, and runs it.
import { OPERATIONS } from "./operations.mjs";
import { fromBits, fromFloat, fromHalf, sizeOf, tensor } from "./tensor.mjs";

const READ = { float16: fromHalf, float32: fromFloat, bits: fromBits };
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

export async function get(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The file ${new URL(address).pathname} cannot be loaded.`);
  return answer;
}

export async function loadNetwork(folder, name) {
  const [graph, numbers] = await Promise.all([
    get(new URL(`${name}.json`, folder)).then((answer) => answer.json()),
    get(new URL(`${name}.bin`, folder)).then((answer) => answer.arrayBuffer()),
  ]);
  return build(graph, numbers);
}

export function build(graph, numbers) {
  if (graph.format !== "cnnhistory network" || graph.version !== 1) {
    throw new Error("The file of the network has another format than this page can read.");
  }
  if (numbers.byteLength !== graph.bytes || crc32(new Uint8Array(numbers)) !== graph.crc32) {
    throw new Error("The file with the weights is damaged or incomplete.");
  }
  const view = new DataView(numbers);
  const nodes = graph.nodes.map(({ name, op, inputs, shape, settings = {}, tensors = {} }) => {
    if (!(op in OPERATIONS)) throw new Error(`This page cannot compute the operation "${op}".`);
    const found = {};
    for (const [key, { type, shape, offset }] of Object.entries(tensors)) {
      if (!(type in READ)) throw new Error(`This page cannot read numbers of the type "${type}".`);
      found[key] = tensor(shape, READ[type](view, offset, sizeOf(shape)));
    }
    if (settings.reads) found.weight = dense(found.weight, settings);
    return { name, op, inputs, shape, settings, tensors: found };
  });
  return { ...graph, nodes, find: (name) => nodes.find((node) => node.name === name) };
}

// Kernels of the links only, as kernels of all pairs of maps with zeros where no link is.
function dense({ shape: [, kh, kw], data }, { reads, in_channels: maps }) {
  const weight = tensor([reads.length, maps, kh, kw]);
  let link = 0;
  reads.forEach((row, out) => row.forEach((map) => {
    const kernel = data.subarray(link * kh * kw, ++link * kh * kw);
    weight.data.set(kernel, (out * maps + map) * kh * kw);
  }));
  return weight;
}

// Runs the network and returns the outputs of all steps by name. `skip` gives for a step another
// one whose output takes its place; what is then read by no one is not computed. `table` has
// operations to use instead of the usual ones.
export function run(network, data, { skip = {}, table = {} } = {}) {
  const values = { input: tensor(network.input, data) };
  const needed = new Set([network.output]);
  for (const { name, inputs } of [...network.nodes].reverse()) {
    if (needed.has(name)) for (const other of skip[name] ? [skip[name]] : inputs) needed.add(other);
  }
  for (const node of network.nodes) {
    if (!needed.has(node.name)) continue;
    const inputs = node.inputs.map((name) => values[name]);
    values[node.name] = node.name in skip
      ? values[skip[node.name]]
      : (table[node.op] ?? OPERATIONS[node.op])(inputs, node);
  }
  return values;
}

export const answer = (network, data, options) => run(network, data, options)[network.output].data;
