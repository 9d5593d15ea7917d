import { useState } from 'react';

export default function Home() {
  const [clicks, setClicks] = useState(0);
  return (
    <main>
      <p id="words">before the edit</p>
      <button id="count" type="button" onClick={() => setClicks(clicks + 1)}>
        clicked {clicks}
      </button>
    </main>
  );
}
