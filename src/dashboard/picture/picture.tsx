/**
 * What goes where, as a picture: two lists of links and the lines between them, on which requests travel. Only the rows
 * that can be seen are there, so that a thousand services cost what thirty do.
 */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { routeList, services } from '../state/data.ts';
import { failingKeys } from '../state/figures.ts';
import { EdgeLines } from './edges.tsx';
import { FoldedHosts, GroupNode, HostNode, ServiceNode } from './nodes.tsx';
import { followArrows, keepOneStop } from './one-stop.ts';
import { ROW } from './row-height.ts';
import { layoutPicture, type Picture as PictureRows } from './rows.ts';

/** Rows above and below what is seen. */
const SPARE_ROWS = 12;
/** Before the browser has said how high it is. */
const FIRST_HEIGHT = 420;

/** See the file's header. @param text part of a hostname, service, port or project; empty: everything */
export function Picture(props: {
  withCandidates: ReadonlySignal<boolean>;
  text: ReadonlySignal<string>;
}): ComponentChild {
  const { withCandidates, text } = props;
  const toggled = useSignal<ReadonlySet<string>>(new Set());
  const picture = useComputed(() =>
    layoutPicture(routeList.value, services.value.value ?? { processes: [], containers: [] }, {
      withCandidates: withCandidates.value,
      text: text.value,
      failing: failingKeys.value,
      toggled: toggled.value,
    }),
  ).value;
  const toggle = (title: string) => (): void => {
    const next = new Set(toggled.value);
    if (!next.delete(title)) next.add(title);
    toggled.value = next;
  };
  if (picture.rows === 0) return <p class="soft empty">Nothing here has “{text.value}” in its name.</p>;
  return <Canvas picture={picture} toggle={toggle} />;
}

function Canvas({ picture, toggle }: { picture: PictureRows; toggle: (title: string) => () => void }): ComponentChild {
  const active = useSignal('');
  const { scroller, middle, first, last, width } = useWindow();
  const isSeen = ({ row }: { row: number }): boolean => row >= first && row <= last;
  const height = picture.rows * ROW;
  const edges = picture.edges.filter(({ leftRow, rightRow }) => isSeen({ row: leftRow }) || isSeen({ row: rightRow }));
  const groups = picture.groups.filter(isSeen);
  return (
    <div class="picture" ref={scroller} tabIndex={-1}>
      <Side label="Hostnames" side="left" height={height}>
        {groups.map((group) => (
          <FoldedHosts key={`group ${group.title}`} group={group} onToggle={toggle(group.title)} />
        ))}
        {picture.left.filter(isSeen).map((node) => (
          <HostNode key={node.key} node={node} active={active} />
        ))}
      </Side>
      <div class="middle" ref={middle} style={{ height: `${height}px` }}>
        <EdgeLines edges={edges} lines={picture.lines} width={width} height={height} active={active} />
      </div>
      <Side label="Services" side="right" height={height}>
        {groups.map((group) => (
          <GroupNode key={`group ${group.title}`} group={group} onToggle={toggle(group.title)} />
        ))}
        {picture.right.filter(isSeen).map((node) => (
          <ServiceNode key={node.id} node={node} active={active} />
        ))}
      </Side>
    </div>
  );
}

function Side(props: {
  label: string;
  side: 'left' | 'right';
  height: number;
  children: ComponentChild;
}): ComponentChild {
  const { label, side, height, children } = props;
  const list = useRef<HTMLUListElement>(null);
  // What is shown may be other links than before.
  useLayoutEffect(() => {
    if (list.current) keepOneStop(list.current);
  });
  return (
    <ul
      ref={list}
      class={`nodes ${side}`}
      aria-label={label}
      style={{ height: `${height}px` }}
      onKeyDown={followArrows}
      onFocusIn={() => list.current && keepOneStop(list.current)}
    >
      {children}
    </ul>
  );
}

/** Which rows can be seen, and how much room the lines have. */
function useWindow() {
  const scroller = useRef<HTMLDivElement>(null);
  const middle = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const seenHeight = useSignal(FIRST_HEIGHT);
  const width = useSignal(160);
  useEffect(() => {
    const box = scroller.current;
    const lines = middle.current;
    if (!box || !lines) return;
    const measure = (): void => {
      top.value = Math.floor(box.scrollTop / ROW / 4) * 4;
      seenHeight.value = box.clientHeight;
      width.value = lines.clientWidth;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    observer.observe(lines);
    box.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', measure);
    };
  }, []);
  const first = top.value - SPARE_ROWS;
  const last = top.value + Math.ceil(seenHeight.value / ROW) + SPARE_ROWS;
  return { scroller, middle, first, last, width: width.value };
}
