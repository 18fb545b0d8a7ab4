package dev.parley.http;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request and its answer. It looks the same over HTTP/1.1, over one stream of HTTP/2, and in the test kit.
 *
 * <p>There are three ways to answer, and each exchange takes exactly one of them: a whole response
 * ({@link #respond(Response)}), a streamed response ({@link #stream}) or a switch of protocol ({@link #switchProtocol}).
 *
 * <p><b>Threading.</b> Thread-safe: it may be kept, read and answered from any thread. Callbacks run on the event loop
 * of the connection and must not block.
 *
 * <p><b>Errors.</b> A second answer throws {@link IllegalStateException}, except where the first was given by Parley
 * itself (a body over the limit, a client that is gone): then it is dropped.
 *
 * <p><b>Limits.</b> {@link HttpLimits}; {@link #maxBodyBytes} for one exchange.
 */
public interface Exchange {

    /**
     * The request's method; {@code GET} for an HTTP/2 extended CONNECT (RFC 8441), so that one endpoint serves both.
     *
     * @return the method
     */
    HttpMethod method();

    /**
     * The request's path, percent-decoded once, without the query.
     *
     * @return a path that begins with a slash, and has no segment {@code .} or {@code ..}
     */
    String path();

    /**
     * A parameter of the route's path: {@code id} of {@code /reports/{id}}, {@code *} for what a trailing wildcard
     * stands for.
     *
     * @param name the parameter's name as the route writes it
     * @return its value, percent-decoded once
     * @throws IllegalArgumentException if the route has no such parameter
     */
    String path(String name);

    /**
     * The first query parameter of a name, decoded as a form is.
     *
     * @param name the parameter's name
     * @return its value; empty where there is none of that name
     */
    Optional<String> query(String name);

    /**
     * All query parameters of a name, in order.
     *
     * @param name the parameter's name
     * @return their values, never {@code null}
     */
    List<String> queryAll(String name);

    /**
     * The request target as it came.
     *
     * @return path and query, not decoded
     */
    String target();

    /**
     * The request's headers. Over HTTP/2 the pseudo-headers are not among them, but {@code Host} is.
     *
     * @return the headers, not to be changed
     */
    HttpHeaders headers();

    /**
     * The first value of a header.
     *
     * @param name the field's name, in any case
     * @return its value; empty where there is none of that name
     */
    Optional<String> header(CharSequence name);

    /**
     * The version of HTTP.
     *
     * @return the version
     */
    Protocol protocol();

    /**
     * The scheme by which the client came: what a trusted proxy says, else what this connection is.
     *
     * @return {@code http} or {@code https}
     */
    String scheme();

    /**
     * Host and port that the client asked for: what a trusted proxy says, else {@code Host} or {@code :authority}.
     *
     * @return the authority; empty for an HTTP/1.0 request without {@code Host}
     */
    String authority();

    /**
     * The client's address: what a trusted proxy says, else the address of the connection.
     *
     * @return an address, resolved; in a test kit or on a local transport one that is made up
     */
    InetSocketAddress peerAddress();

    /**
     * The protocol that the client asks to switch to: {@code Upgrade} over HTTP/1.1, {@code :protocol} over HTTP/2. Of a list it
     * is {@code websocket} if that is in it, else the first, which the client likes best (RFC 9110 section 7.8).
     *
     * @return the protocol's name in lower case; empty where the client asks for none
     */
    Optional<String> requestedProtocol();

    /**
     * The origin policy that holds for the route.
     *
     * @return the policy
     */
    OriginPolicy originPolicy();

    /**
     * Who a {@link Guard} recognised.
     *
     * @return the principal; empty where no guard recognised anybody
     */
    Optional<Principal> principal();

    /**
     * Something that a guard left for the endpoint.
     *
     * @param key its key
     * @param <T> its type
     * @return the value; empty where none was set
     */
    <T> Optional<T> attribute(AttributeKey<T> key);

    /**
     * Leaves something for whoever sees this exchange next.
     *
     * @param key its key
     * @param value the value, or {@code null} to take it away
     * @param <T> its type
     */
    <T> void attribute(AttributeKey<T> key, @Nullable T value);

    /**
     * Sets the limit for this exchange's body, in place of {@link HttpLimits#maxBodyBytes}. It counts from the first
     * byte, so it is best set before the body is asked for.
     *
     * @param bytes a number of bytes, 0 or more; {@link Long#MAX_VALUE} for no limit
     */
    void maxBodyBytes(long bytes);

    /**
     * Reads the whole body. A client that waits for {@code 100 Continue} gets it now.
     *
     * @return completes on the event loop with the body; fails with a {@link ProblemException}, already answered, if
     *     the body is over the limit, and with an {@link java.io.IOException} if the client goes away
     * @throws IllegalStateException if the body has been asked for before
     */
    CompletionStage<Body> body();

    /**
     * Reads the whole body as JSON into a Java type.
     *
     * @param type the type, such as a record
     * @param <T> the type
     * @return as {@link #body}; fails with a {@link ProblemException} (400, or 415 if the content type is not JSON), which {@link #respond(CompletionStage)} answers with
     * @throws IllegalStateException if the body has been asked for before
     */
    <T> CompletionStage<T> json(Class<T> type);

    /**
     * Receives the body in chunks, with backpressure down to the socket. A client that waits for {@code 100 Continue}
     * gets it now.
     *
     * @param listener gets the chunks
     * @throws IllegalStateException if the body has been asked for before
     */
    void receive(BodyListener listener);

    /**
     * Sends an interim response ahead of the answer (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-15.2">RFC 9110 section
     * 15.2</a>): a status and fields, such as {@code 103} with {@code Link}, or {@code 104} with how much of an upload is safe. It is
     * flushed at once, and goes out in order with what the same thread sends before and after it. Neither {@code Date} nor what the origin
     * policy says is added: a page sees the answer only.
     *
     * <p><b>Limits.</b> It is news, not part of the answer, and is dropped without a word where it can't be sent now: to a client of
     * HTTP/1.0, which would take it for the answer; when the exchange has been answered or is over; while requests that came before it
     * on the same connection are still to be answered ({@link #respondInTurn}); and while the channel is not writable, so that
     * none pile up for a client that does not read. Whoever sends news of progress sends the newest, and what the client must know is in the answer as well.
     *
     * @param status 102 to 199; {@code 100} and {@code 101} are the server's own
     * @param fields its header fields, copied; none that frames a message or is about the connection
     * @throws IllegalArgumentException if the status is another, or a field is malformed or not for an interim response
     */
    void interim(int status, HttpHeaders fields);

    /**
     * Answers with a whole response. What the client still sends of its request is read and thrown away, within the limit of the body.
     *
     * @param response the answer
     * @throws IllegalStateException if this exchange has an answer
     */
    void respond(Response response);

    /**
     * Answers with the response that a stage will give; if it fails, with the problem of a {@link ProblemException},
     * else with 500.
     *
     * <pre>{@code
     * exchange.respond(exchange.json(Order.class).thenApply(order -> Response.json(shop.place(order))));
     * }</pre>
     *
     * @param response completes with the answer
     */
    void respond(CompletionStage<Response> response);

    /**
     * As {@link #respond(CompletionStage)}, and lets what the client has pipelined behind this request begin meanwhile, as far as
     * it is for the same method and target. Over HTTP/1.1 answers still go out in the order of the requests; over HTTP/2, where
     * requests do not wait for each other, there is no difference.
     *
     * <p>For an endpoint whose requests are independent of each other, and are answered after something that many of them can wait for at once,
     * such as a write to a disk. All of its answers must be whole responses: one that begins a {@link #stream} before its turn has come is
     * answered with 500.
     *
     * <p><b>Limits.</b> {@link HttpLimits#maxPipelined} exchanges of a connection are open at a time.
     *
     * @param response completes with the answer
     */
    void respondInTurn(CompletionStage<Response> response);

    /**
     * Answers with a streamed response: the head is sent at once, the body as it is written. The answer to {@code HEAD}
     * ends with its head, and the stream is closed from the start.
     *
     * @param head status and headers; without a {@code Content-Length} the body is chunked, or ends with the connection over HTTP/1.0
     * @return what the body is written to
     * @throws IllegalStateException if this exchange has an answer
     */
    ResponseStream stream(Response head);

    /**
     * Switches the connection, or the HTTP/2 stream, to another protocol. The pipeline that is handed over carries
     * plain {@code ByteBuf}s in both directions, whatever the version of HTTP; what the client sent right behind its
     * request comes through it.
     *
     * @param headers sent with the {@code 101} (or, over HTTP/2, the {@code 200}); {@code Connection} and
     *     {@code Upgrade} are added where they belong
     * @param protocol called on the event loop to add its handlers at the end of the tunnel's pipeline
     * @throws IllegalStateException if this exchange has an answer, or the client asked for no other protocol
     */
    void switchProtocol(HttpHeaders headers, Consumer<Tunnel> protocol);

    /**
     * Adds a callback for the end of this exchange, however it comes. Called once; at once if it has ended already.
     * After a switch of protocol the exchange ends with the connection or stream.
     *
     * @param listener gets the reason
     */
    void onEnd(Consumer<EndReason> listener);

    /**
     * Sets what is called when the server begins to drain while this exchange is open: a stream should then end itself
     * within the time given, or it will be cut off. Called at once if the server is draining already.
     *
     * @param listener gets the time that is left; replaces the one before
     */
    void onDrain(Consumer<Duration> listener);

    /**
     * Calls a task once after a delay, on the event loop, unless the exchange has ended before. Driven by the one wheel
     * of the event loop: as exact as its tick of 100 ms, and cheap for any number of exchanges.
     *
     * @param delay how long, 0 or more
     * @param task what to run
     * @return to cancel it
     */
    Timer after(Duration delay, Runnable task);

    /**
     * The event loop of the connection, on which all callbacks run.
     *
     * @return the event loop
     */
    EventLoop eventLoop();

    /**
     * Where blocking work of this server belongs: virtual threads where the JVM has them.
     *
     * @return the executor
     */
    Executor executor();
}
