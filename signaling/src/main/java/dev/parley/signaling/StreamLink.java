package dev.parley.signaling;

import dev.parley.http.Exchange;
import dev.parley.http.SendOutcome;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.codec.ServerSentEvent;
import org.jspecify.annotations.Nullable;

/** An event stream to a peer that can't have a WebSocket; what it says comes by {@code POST}. */
final class StreamLink implements Link {
    private final SseEmitter emitter;
    private final Conversation conversation;

    StreamLink(Rooms rooms, Ticker ticker, Exchange exchange, SseEmitter emitter) {
        this.emitter = emitter;
        conversation = new Conversation(rooms, ticker, exchange, this);
    }

    /** What the peer says. */
    Conversation conversation() {
        return conversation;
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
        if (emitter.send(ServerSentEvent.of(text)) == SendOutcome.DROPPED) {
            emitter.close(); // too slow; it comes back for the rest
        }
    }

    /** What else it says comes by its session, which it has not got yet. */
    @Override
    public boolean isConversation() {
        return false;
    }

    @Override
    public void close(int code, String text) {
        emitter.close();
    }
}
