/**
 * The AS paths of an incident as a graph: from the prefix to who originates it, on to those who pass it on, to the
 * peers of the collectors who see it; and by a dashed line to who should originate it. Laid out by dagre. Pure.
 */
import { Graph, layout } from '@dagrejs/dagre';
import type { Alert, Incident } from '../../../incident/alert.ts';

export type Role = 'prefix' | 'offender' | 'victim' | 'viewer' | 'transit';

export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly role: Role;
  /** Vantage points at this AS that see the route. */
  readonly vantagePoints: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly vantagePoints: number;
  /** How it should be, not how it is. */
  readonly isExpected: boolean;
  /** Only paths that end where they should, and do not pass the offender, go this way. */
  readonly isRightful: boolean;
}

export interface PathGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Paths left out to keep it readable. */
  readonly left: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (GraphNode & Box)[];
  readonly edges: readonly (GraphEdge & { readonly points: readonly Point[] })[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface ShownPath {
  readonly prefix: string;
  readonly path: string;
  readonly vantagePoints: number;
}

const NODES_MAX = 100;
const PREFIXES_MAX = 4;
const VICTIMS_MAX = 3;
const LEAVES_MAX = 8;

/** Every path that is seen now, most seen first. */
export function pathsOf(incident: Incident): readonly ShownPath[] {
  return incident.routes
    .flatMap(({ prefix, paths }) => paths.map((each) => ({ prefix, ...each })))
    .sort((a, b) => b.vantagePoints - a.vantagePoints);
}

/** The incident itself while it has paths, else the last alert that had some, with its time. */
export function lastWithPaths(
  incident: Incident,
  alerts: readonly Alert[],
): { readonly incident: Incident; readonly at: string | undefined } {
  if (pathsOf(incident).length > 0) return { incident, at: undefined };
  const alert = alerts.findLast((each) => pathsOf(each.incident).length > 0);
  return alert === undefined ? { incident, at: undefined } : { incident: alert.incident, at: alert.at };
}

/** ASes from the origin to the peer, prepending folded. */
export function hopsOf(path: string): readonly string[] {
  const hops = path.split(' ').filter((hop) => hop !== '');
  return hops.filter((hop, index) => hop !== hops[index - 1]).toReversed();
}

export function graphOf(incident: Incident): PathGraph {
  const building = new Building(incident);
  let left = 0;
  for (const path of pathsOf(incident)) if (!building.add(path)) left += 1;
  building.expect();
  const nodes = [...building.nodes.values()].map((node) => ({ ...node, label: shortened(node.label) }));
  return folded({ nodes, edges: [...building.edges.values()], left });
}

type Seen = Pick<ShownPath, 'prefix' | 'vantagePoints'>;

/** Of more viewers behind one AS, the most seeing stand for themselves and the rest as one. */
function folded({ nodes, edges, left }: PathGraph): PathGraph {
  const parents = new Set(edges.map(({ from }) => from));
  const isLeaf = (id: string): boolean =>
    !parents.has(id) && edges.filter(({ to }) => to === id).length === 1;
  const gone = new Map<string, string>();
  const more: GraphNode[] = [];
  for (const parent of parents) {
    const leaves = nodes
      .filter(
        ({ id, role }) =>
          role === 'viewer' && isLeaf(id) && edges.some((edge) => edge.from === parent && edge.to === id),
      )
      .sort((a, b) => b.vantagePoints - a.vantagePoints);
    if (leaves.length <= LEAVES_MAX) continue;
    const rest = leaves.slice(LEAVES_MAX - 1);
    const id = `more ${parent}`;
    for (const leaf of rest) gone.set(leaf.id, id);
    const vantagePoints = rest.reduce((sum, leaf) => sum + leaf.vantagePoints, 0);
    more.push({ id, label: `+${rest.length} AS`, role: 'viewer', vantagePoints });
  }
  const kept = edges.filter(({ to }) => !gone.has(to));
  const bundles = more.map(({ id, vantagePoints }) => ({
    from: id.slice('more '.length),
    to: id,
    vantagePoints,
    isExpected: false,
    isRightful: false,
  }));
  return { nodes: [...nodes.filter(({ id }) => !gone.has(id)), ...more], edges: [...kept, ...bundles], left };
}

function shortened(label: string): string {
  return label.length > LABEL_MAX ? `${label.slice(0, LABEL_MAX - 1)}…` : label;
}

class Building {
  readonly nodes = new Map<string, GraphNode>();
  readonly edges = new Map<string, GraphEdge>();
  /** Vantage points by node or edge and prefix: one that sees two prefixes is still one. */
  readonly #counts = new Map<string, number>();
  readonly #incident: Incident;
  readonly #expected: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(incident: Incident) {
    this.#incident = incident;
    this.#expected = new Set(incident.routes.flatMap((route) => route.expectedOrigins.map(String)));
    const active = incident.routes.filter((route) => route.paths.length > 0);
    this.#prefixes = [...new Set(active.map((route) => route.prefix))];
  }

  /** False when there is no room for it. */
  add({ prefix, path, vantagePoints }: ShownPath): boolean {
    const hops = hopsOf(path);
    const fresh = hops.filter((hop) => !this.nodes.has(hop)).length;
    if (this.nodes.size + fresh > NODES_MAX) return false;
    let from = this.#prefixNode(prefix);
    const offender = String(this.#incident.offender);
    const isRightful = this.#expected.has(hops[0] ?? '') && !hops.includes(offender);
    for (const [index, hop] of hops.entries()) {
      this.#node(hop, index === hops.length - 1, { prefix, vantagePoints });
      this.#edge(from, hop, { prefix, vantagePoints }, { isExpected: false, isRightful });
      from = hop;
    }
    return true;
  }

  /** Who should originate it, beside who does. */
  expect(): void {
    for (const { prefix, expectedOrigins, paths } of this.#incident.routes) {
      const from = this.#prefixId(prefix);
      if (paths.length === 0 || !this.nodes.has(from)) continue;
      for (const origin of expectedOrigins.slice(0, VICTIMS_MAX)) {
        const hop = String(origin);
        if (this.edges.has(`${from} ${hop}`)) continue;
        if (!this.nodes.has(hop)) this.#node(hop, false, { prefix, vantagePoints: 0 });
        this.#edge(from, hop, { prefix, vantagePoints: 0 }, { isExpected: true, isRightful: false });
      }
    }
  }

  #prefixLabel(prefix: string): string {
    const isMany = this.#prefixes.length > PREFIXES_MAX;
    return isMany ? `${this.#prefixes[0]} +${this.#prefixes.length - 1}` : prefix;
  }

  #prefixId(prefix: string): string {
    return `prefix ${this.#prefixLabel(prefix)}`;
  }

  #prefixNode(prefix: string): string {
    const id = this.#prefixId(prefix);
    const label = this.#prefixLabel(prefix);
    if (!this.nodes.has(id)) this.nodes.set(id, { id, label, role: 'prefix', vantagePoints: 0 });
    return id;
  }

  #count(id: string, seen: Seen, before: number): number {
    const key = `${seen.prefix} ${id}`;
    const count = (this.#counts.get(key) ?? 0) + seen.vantagePoints;
    this.#counts.set(key, count);
    return Math.max(before, count);
  }

  #node(hop: string, isViewer: boolean, seen: Seen): void {
    const before = this.nodes.get(hop);
    const already = before?.vantagePoints ?? 0;
    const seeing = isViewer ? this.#count(hop, seen, already) : already;
    const role = this.#roleOf(hop, isViewer || before?.role === 'viewer');
    this.nodes.set(hop, { id: hop, label: `AS${hop}`, role, vantagePoints: seeing });
  }

  #roleOf(hop: string, isViewer: boolean): Role {
    if (hop === String(this.#incident.offender)) return 'offender';
    if (this.#expected.has(hop)) return 'victim';
    return isViewer ? 'viewer' : 'transit';
  }

  #edge(from: string, to: string, seen: Seen, is: Pick<GraphEdge, 'isExpected' | 'isRightful'>): void {
    const id = `${from} ${to}`;
    const before = this.edges.get(id);
    const vantagePoints = this.#count(id, seen, this.edges.get(id)?.vantagePoints ?? 0);
    const isRightful = is.isRightful && (before?.isRightful ?? true);
    this.edges.set(id, { from, to, vantagePoints, isExpected: is.isExpected, isRightful });
  }
}

const LABEL_MAX = 44;
const CHARACTER_PX = 8.2;
const NODE_HEIGHT = 40;
const WIDTH_WITH_COUNT = 136;

/** Gives every node and edge its place, left to right. */
export function placed(graph: PathGraph): Placed {
  const drawing = new Graph();
  drawing.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 46, marginx: 8, marginy: 8 });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) {
    const width = Math.max(
      node.vantagePoints > 0 ? WIDTH_WITH_COUNT : 96,
      node.label.length * CHARACTER_PX + 34,
    );
    drawing.setNode(node.id, { width, height: NODE_HEIGHT });
  }
  for (const edge of graph.edges) drawing.setEdge(edge.from, edge.to, {});
  layout(drawing);
  const { width = 0, height = 0 } = drawing.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: graph.nodes.map((node) => ({ ...node, ...(drawing.node(node.id) as Box) })),
    edges: graph.edges.map((edge) => ({
      ...edge,
      points: (drawing.edge(edge.from, edge.to) as { points: readonly Point[] }).points,
    })),
  };
}

/** A smooth line through the points, as the `d` of an SVG path. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  let text = `M${first.x} ${first.y}`;
  for (const [index, point] of rest.slice(0, -1).entries()) {
    const next = rest[index + 1] ?? last;
    const isEnd = index === rest.length - 2;
    const x = isEnd ? next.x : (point.x + next.x) / 2;
    const y = isEnd ? next.y : (point.y + next.y) / 2;
    text += `Q${point.x} ${point.y} ${x} ${y}`;
  }
  return rest.length === 1 ? `${text}L${last.x} ${last.y}` : text;
}
