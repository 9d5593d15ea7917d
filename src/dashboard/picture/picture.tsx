/**
 * What goes where, as a picture: two lists of links and the lines between them, on which requests travel. Only the rows
 * that can be seen are there, so that a thousand services cost what thirty do.
 */
import { useComputed, useSignal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { routeList, services } from '../state/data.ts';
import { EdgeLines } from './edges.tsx';
import { HostNode, ServiceNode } from './nodes.tsx';
import { ROW } from './row-height.ts';
import { layoutPicture } from './rows.ts';

/** Rows above and below what is seen. */
const SPARE_ROWS = 12;
/** Before the browser has said how high it is. */
const FIRST_HEIGHT = 420;

/** See the file's header. */
export function Picture({ withCandidates }: { withCandidates: boolean }): ComponentChild {
  const shown = useSignal(withCandidates);
  shown.value = withCandidates;
  const picture = useComputed(() =>
    layoutPicture(routeList.value, services.value.value ?? { processes: [], containers: [] }, shown.value),
  ).value;
  const active = useSignal('');
  const { scroller, middle, first, last, width } = useWindow();
  const isSeen = ({ row }: { row: number }): boolean => row >= first && row <= last;
  const height = picture.rows * ROW;
  const edges = picture.edges.filter(({ leftRow, rightRow }) => isSeen({ row: leftRow }) || isSeen({ row: rightRow }));
  return (
    <div class="picture" ref={scroller} tabIndex={-1}>
      <ul class="nodes left" aria-label="Hostnames" style={{ height: `${height}px` }}>
        {picture.left.filter(isSeen).map((node) => (
          <HostNode key={node.key} node={node} active={active} />
        ))}
      </ul>
      <div class="middle" ref={middle} style={{ height: `${height}px` }}>
        <EdgeLines edges={edges} width={width} height={height} active={active} />
      </div>
      <ul class="nodes right" aria-label="Services" style={{ height: `${height}px` }}>
        {picture.groups.filter(isSeen).map(({ title, row }) => (
          <li key={`group ${title}`} class="group" style={{ top: `${row * ROW}px` }}>
            {title}
          </li>
        ))}
        {picture.right.filter(isSeen).map((node) => (
          <ServiceNode key={node.id} node={node} active={active} />
        ))}
      </ul>
    </div>
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
