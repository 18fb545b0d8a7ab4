// Runs in a sandboxed frame, without an origin of its own, and writes to every window that it can reach.
for (const target of [parent, parent[0]]) {
  target.postMessage({ type: 'greet', name: 'a stranger' }, '*')
}
