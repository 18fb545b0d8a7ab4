/**
 * Tests of endpoints without a socket, a thread or a sleep.
 *
 * <pre>{@code
 * @Test
 * void ordersAreConfirmed() {
 *     try (TestServer server = TestServer.of(routes)) {
 *         TestResponse response = server.post("/orders").json(new Order("tea", 2)).send();
 *
 *         assertThat(response).hasStatus(201).hasHeader("Location", "/orders/1");
 *     }
 * }
 * }</pre>
 *
 * <p><b>What is real.</b> All of Parley and of Netty: the pipeline that {@code ParleyServer} would build, its codecs, its
 * limits, its wheel, over HTTP/1.1 and HTTP/2 ({@link dev.parley.testkit.TestServer.Builder#protocol}). The client is
 * Netty's client codec, so framing is tested by somebody else than who wrote it. Nothing but bytes goes between the two.
 *
 * <p><b>What is not.</b> The socket is a pair of channels that hold 64 KiB for each other, as a system does, and so a
 * client that does not read makes the server's channel unwritable. The event loop is run by the test's own thread: it
 * works off all there is to do, comes to rest, and only then does the test go on. So no test waits, and each run is like
 * the one before. Time stands still until {@link dev.parley.testkit.TestServer#advance} moves it; then each timer fires
 * at its own moment.
 *
 * <p><b>Values.</b> A {@link dev.parley.testkit.TestRequest} is what a client wants to send. {@code send()} makes of it a
 * {@link dev.parley.testkit.TestResponse}, {@code stream()} a {@link dev.parley.testkit.TestStream} that goes on recording,
 * {@code open()} a {@link dev.parley.testkit.TestExchange} whose body the test sends piece by piece, {@code tunnel()} a
 * {@link dev.parley.testkit.TestConnection} that speaks the protocol switched to, {@code webSocket()} a {@link
 * dev.parley.testkit.TestWebSocket}. {@link dev.parley.testkit.TestServer#connect} gives the bare bytes. {@link dev.parley.testkit.ParleyAssertions} asserts on all
 * of them.
 *
 * <p><b>Bad clients.</b> Deliver in pieces of <i>k</i> bytes ({@link dev.parley.testkit.TestServer.Builder#pieceBytes}),
 * cut at byte <i>n</i> ({@link dev.parley.testkit.TestConnection#cutAfterSending}, {@link
 * dev.parley.testkit.TestConnection#cutAfterReceiving}), stop reading ({@code stall()}), go away ({@code cut()}).
 *
 * <p><b>Event streams.</b> A client that was cut off, at any byte of the stream ({@link
 * dev.parley.testkit.TestRequest#cutAfterBytes}), comes back as an {@code EventSource} does ({@link
 * dev.parley.testkit.TestStream#reconnect}). Then {@code receivedInAll(…)}, {@code hasNoGap()} and {@code hasNoDuplicate()}
 * tell whether it got each event, once.
 *
 * <p><b>WebSockets.</b> The client is strict: what a server must not send fails the test, whatever was asserted. It works on
 * three levels, which may be mixed: messages, JSON messages, and frames, right or wrong.
 *
 * <pre>{@code
 * TestWebSocket ws = server.get("/ws").subprotocols("chat.v1").deflate().webSocket();
 * ws.sendJson("login", Map.of("user", "mai"), 1);
 * assertThat(ws).hasSubprotocol("chat.v1").receivedJson("welcome", Map.of("name", "mai"), 1);
 *
 * ws.frame(TestFrame.text("half").notFinal(), TestFrame.ping("alive"), TestFrame.continuation(" and half"));
 * assertThat(ws).ponged("alive").received("half and half");
 *
 * ws.frame(TestFrame.text("no mask").unmasked());
 * assertThat(ws).closedWith(1002);
 * }</pre>
 *
 * <p>It answers pings and the server's close frame as a browser does, as long as it is let ({@link
 * dev.parley.testkit.TestWebSocket#ignorePings}, {@link dev.parley.testkit.TestWebSocket#ignoreClose}). A handshake that is to be
 * refused is sent by {@link dev.parley.testkit.TestRequest#webSocketHandshake}.
 *
 * <p><b>Contracts.</b> Who writes a {@link dev.parley.topic.Broker} extends {@link dev.parley.testkit.BrokerContract}.
 *
 * <p><b>What fails a test by itself.</b> {@link dev.parley.testkit.TestServer#close} fails if something that was recorded
 * was not looked at, or a buffer was not released. {@link dev.parley.testkit.LeakCheck} looks for the buffers that
 * no server knows of.
 *
 * <p>Where only a real socket will do, {@link dev.parley.testkit.ParleyServerExtension} starts a real server.
 */
@NullMarked
package dev.parley.testkit;

import org.jspecify.annotations.NullMarked;
