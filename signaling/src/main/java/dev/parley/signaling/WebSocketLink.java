package dev.parley.signaling;

import dev.parley.websocket.WebSocketConnection;
import org.jspecify.annotations.Nullable;

/** A WebSocket to a peer. One that is too slow is closed by its endpoint, and the peer comes back. */
final class WebSocketLink implements Link {
    private final WebSocketConnection connection;

    WebSocketLink(WebSocketConnection connection) {
        this.connection = connection;
    }

    @Override
    public void send(Outgoing message, long seq, @Nullable Object id) {
        connection.send(message.text(seq, id));
    }

    @Override
    public void reply(Object id) {
        connection.send(SignalFormat.reply(id));
    }

    @Override
    public void close(int code, String text) {
        connection.close(code, text);
    }
}
