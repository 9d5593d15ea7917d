import { Counter } from './counter';

export default function Page() {
  return (
    <main>
      <p id="words">before the edit</p>
      <Counter />
    </main>
  );
}
