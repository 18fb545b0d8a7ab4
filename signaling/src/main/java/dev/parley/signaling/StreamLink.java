package dev.parley.signaling;

import dev.parley.http.Exchange;
import dev.parley.http.SendOutcome;
import dev.parley.sse.SseEmitter;
import dev.parley.sse.codec.ServerSentEvent;
import io.netty.channel.EventLoop;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An event stream to a peer that can't have a WebSocket; what it says comes by {@code POST}. */
final class StreamLink implements Link {
    private static final Outgoing PING = new Outgoing(SignalFormat.write(new ServerSignal.Ping()));

    private final SseEmitter emitter;
    private final Duration keepAlive;
    private final Conversation conversation;
    /** Whether anything came since the last look; set by the event loops of other connections. */
    private volatile boolean heard;

    private boolean pinged;

    StreamLink(Rooms rooms, Ticker ticker, Exchange exchange, SseEmitter emitter, Duration keepAlive) {
        this.emitter = emitter;
        this.keepAlive = keepAlive;
        conversation = new Conversation(rooms, ticker, exchange, this);
        exchange.after(keepAlive, this::look);
    }

    /** What it said with its stream. */
    Conversation conversation() {
        return conversation;
    }

    /** What the peer says by its session. */
    void receive(String text) {
        heard = true;
        conversation.receive(text);
    }

    /** A connection may be gone without a word: what is written to it says nothing for long. */
    private void look() {
        if (heard || !conversation.hasJoined()) { // who waits before a door has no session to answer with
            heard = false;
            pinged = false;
        } else if (pinged) {
            emitter.close();
            return;
        } else {
            pinged = true;
            send(PING, 0, null);
        }
        emitter.exchange().after(keepAlive, this::look);
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
        Link.inOrder(loop(), () -> {
            if (emitter.send(ServerSentEvent.of(text)) == SendOutcome.DROPPED) {
                emitter.close(); // too slow; it comes back for the rest
            }
        });
    }

    private EventLoop loop() {
        return emitter.exchange().eventLoop();
    }

    /** What else it says comes by its session, which it has not got yet. */
    @Override
    public boolean isConversation() {
        return false;
    }

    @Override
    public void close(int code, String text) {
        Link.inOrder(loop(), emitter::close);
    }
}
