package dev.parley.websocket;

import dev.parley.http.Routes;
import dev.parley.server.ParleyServer;

/** What the Autobahn test suite talks to: sends everything back. The suite is run by {@code mvn -Pautobahn}. */
public final class AutobahnServer {
    /** The longest message of the suite, in its chapter 9. */
    private static final int LONGEST_BYTES = 16 * 1024 * 1024;

    private AutobahnServer() {}

    /**
     * Serves until the process ends.
     *
     * @param args the port
     */
    public static void main(String[] args) {
        ParleyServer.builder()
                .host("127.0.0.1")
                .port(Integer.parseInt(args[0]))
                .routes(Routes.builder()
                        .get(
                                "/",
                                WebSocketEndpoint.builder()
                                        .maxMessageBytes(LONGEST_BYTES)
                                        .maxQueuedBytes(2 * LONGEST_BYTES)
                                        .onText((connection, text) -> connection.send(text))
                                        .onBinary((connection, bytes) -> connection.send(bytes.retain()))
                                        .build())
                        .build())
                .build()
                .start();
    }
}
