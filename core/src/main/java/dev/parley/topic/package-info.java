/**
 * Topics: one log, many cursors.
 *
 * <p>A topic appends publications to one bounded ring, which all of its subscribers share. A subscription holds only how
 * far it is. From that come live delivery (the cursor follows the tail), replay (it starts further back), a slow consumer
 * that costs no memory (it stays behind and goes on from the ring), and a gap that is told (the ring has overtaken it).
 *
 * <pre>
 *   publish ─→ Broker ─→ Log ─ ring ───────────────┐ wake
 *                                                  ▼
 *                         Dispatcher (one task for each executor) ─→ Group: reads, encodes once ─→ Cursor ─→ Outlet
 * </pre>
 *
 * Cursors that stand at the same place, on the same executor, with the same encoding and filter are one group: what is
 * published is encoded once for all of them. A cursor whose outlet takes no more leaves the front of its group, and goes
 * on from the ring by itself until it is there again.
 *
 * <p>Nothing here knows a transport: what becomes of publications is an {@link dev.parley.topic.Encoding}'s and an
 * {@link dev.parley.topic.Outlet}'s.
 */
@NullMarked
package dev.parley.topic;

import org.jspecify.annotations.NullMarked;
