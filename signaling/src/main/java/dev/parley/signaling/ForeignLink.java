package dev.parley.signaling;

import dev.parley.websocket.WebSocketConnection;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A WebSocket to a peer that speaks another protocol: what the server itself has to say is translated, as far as there are words for it. */
final class ForeignLink implements Link {
    private final WebSocketConnection connection;
    private final Function<ServerSignal, Optional<String>> words;

    ForeignLink(WebSocketConnection connection, Function<ServerSignal, Optional<String>> words) {
        this.connection = connection;
        this.words = words;
    }

    @Override
    public void send(Outgoing message, long seq, @Nullable Object id) {
        Optional<ServerSignal> signal = message.signal();
        if (signal.isEmpty()) {
            send(message.text(0, null));
        } else {
            signal.flatMap(words).ifPresent(this::send);
        }
    }

    private void send(String text) {
        Link.inOrder(connection.eventLoop(), () -> connection.send(text));
    }

    @Override
    public void reply(Object id) {
        // It has no messages with ids.
    }

    @Override
    public void close(int code, String text) {
        Link.inOrder(connection.eventLoop(), () -> connection.close(code, text));
    }

    @Override
    public boolean isAcknowledged() {
        return false;
    }
}
