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
        send(message.text(seq, id));
    }

    @Override
    public void reply(Object id) {
        send(SignalFormat.reply(id));
    }

    private void send(String text) {
        Link.inOrder(connection.eventLoop(), () -> connection.send(text));
    }

    @Override
    public void close(int code, String text) {
        Link.inOrder(connection.eventLoop(), () -> connection.close(code, text));
    }
}
