package dev.parley.sse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.Protocol;
import dev.parley.http.Routes;
import dev.parley.testkit.TestConnection;
import dev.parley.testkit.TestServer;
import dev.parley.topic.Draft;
import dev.parley.topic.History;
import dev.parley.topic.Position;
import dev.parley.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** A server on a clock of its own with topics, as the tests of streams need it. */
final class Streams implements AutoCloseable {
    final Topics topics;
    final TestServer server;

    private Streams(Topics topics, TestServer server) {
        this.topics = topics;
        this.server = server;
    }

    static Streams of(BiConsumer<Routes.Builder, Topics> routes) {
        return of(Protocol.HTTP_1_1, routes);
    }

    static Streams of(Protocol protocol, BiConsumer<Routes.Builder, Topics> routes) {
        return of(protocol, it -> it, it -> it, routes);
    }

    static Streams of(
            Protocol protocol,
            UnaryOperator<Topics.Builder> settings,
            UnaryOperator<TestServer.Builder> serving,
            BiConsumer<Routes.Builder, Topics> routes) {
        AtomicReference<Topics> made = new AtomicReference<>();
        TestServer server = serving.apply(TestServer.builder(clock -> {
                            Topics topics = settings.apply(Topics.builder().clock(clock))
                                    .build();
                            made.set(topics);
                            Routes.Builder builder = Routes.builder();
                            routes.accept(builder, topics);
                            return builder.build();
                        })
                        .protocol(protocol))
                .build();
        return new Streams(Objects.requireNonNull(made.get()), server);
    }

    /** Over HTTP/1.1, with topics that keep so much. */
    static Streams of(History history, BiConsumer<Routes.Builder, Topics> routes) {
        return of(Protocol.HTTP_1_1, it -> it.history(history), it -> it, routes);
    }

    /** An endpoint for the topic that most tests have. */
    static SseEndpoint.Builder news(Topics topics) {
        return SseEndpoint.builder(exchange -> topics.topic("news"));
    }

    /** Publishes, lets the server deliver, and tells the position. */
    String publish(String topic, Draft draft) {
        Position position =
                topics.topic(topic).publish(draft).toCompletableFuture().join();
        server.run();
        return position.toString();
    }

    String publish(String topic, String text) {
        return publish(topic, Draft.of(text));
    }

    /** Asks for a stream on a bare connection, to see its bytes. */
    TestConnection bytesOf(String target, String... fields) {
        return server.connect()
                .send("GET " + target + " HTTP/1.1\r\nHost: parley\r\n" + String.join("\r\n", fields)
                        + (fields.length == 0 ? "" : "\r\n") + "\r\n");
    }

    /** The body of a chunked answer as far as it has come, which is as far as the connection has been read. */
    static String body(TestConnection connection) {
        byte[] all = connection.received();
        String head = new String(all, US_ASCII);
        int at = head.startsWith("HTTP/") ? head.indexOf("\r\n\r\n") + 4 : 0;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (at < all.length) {
            int end = head.indexOf("\r\n", at);
            int size = Integer.parseInt(head.substring(at, end), 16);
            body.write(all, end + 2, size);
            at = end + 2 + size + 2;
        }
        return body.toString(UTF_8);
    }

    /** The position so many places behind another. */
    static String behind(String position, int places) {
        int dash = position.indexOf('-');
        return position.substring(0, dash + 1) + (Long.parseLong(position.substring(dash + 1)) + places);
    }

    /** Where a topic of which nothing was published stands. */
    String start(String topic) {
        String first = publish(topic, "first");
        return behind(first, -1);
    }

    int subscriptions() {
        server.run();
        return topics.subscriptions();
    }

    @Override
    public void close() {
        server.close();
        topics.close();
    }
}
