package dev.parley.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.parley.http.SendOutcome;
import dev.parley.websocket.OpenConnection.Unit;
import dev.parley.websocket.codec.Opcode;
import dev.parley.websocket.codec.WebSocketHandler;
import dev.parley.websocket.codec.WebSocketHandler.Fragment;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Deque;

/** A message that is being sent in fragments, and what waits for its end. The latter is confined to the event loop. */
final class OpenMessage implements MessageStream {
    private final OpenConnection connection;
    private final int opcode;
    private boolean ended;

    private int next;
    private final Deque<Runnable> held = new ArrayDeque<>();
    /** Written on the event loop. */
    private volatile long heldBytes;

    OpenMessage(OpenConnection connection, int opcode) {
        this.connection = connection;
        this.opcode = opcode;
        this.next = opcode;
    }

    @Override
    public SendOutcome write(String text) {
        return write(Opcode.TEXT, Unpooled.wrappedBuffer(text.getBytes(UTF_8)));
    }

    @Override
    public SendOutcome write(ByteBuf bytes) {
        return write(Opcode.BINARY, bytes);
    }

    private SendOutcome write(int kind, ByteBuf payload) {
        if (ended || kind != opcode) {
            payload.release();
            throw new IllegalStateException(
                    ended ? "the message has ended" : "the message is " + (opcode == Opcode.TEXT ? "text" : "binary"));
        }
        SendOutcome outcome = connection.submit(Unit.FRAGMENT, payload.readableBytes(), () -> {
            handler().writeFragment(next, payload, Fragment.MORE);
            next = Opcode.CONTINUATION;
            payload.release();
        });
        if (outcome == SendOutcome.DROPPED || outcome == SendOutcome.CLOSED) {
            payload.release();
            if (outcome == SendOutcome.DROPPED) {
                connection.close(OpenConnection.FULL); // what comes next would belong to nothing
            }
        }
        return outcome;
    }

    @Override
    public void close() {
        if (ended) {
            return;
        }
        ended = true;
        connection.onLoop(() -> {
            handler().writeFragment(next, Unpooled.EMPTY_BUFFER, Fragment.LAST);
            connection.streamEnded(this);
            heldBytes = 0; // as they are counted elsewhere now, one by one
            for (Runnable waiting = held.poll(); waiting != null; waiting = held.poll()) {
                waiting.run();
            }
            connection.lookSoon(); // topics were waiting too; behind the flush, which tells nobody
        });
        connection.release(this);
    }

    private WebSocketHandler handler() {
        return connection.handler();
    }

    // ---- what waits, on the event loop

    /** Keeps a message of so many bytes until this one has ended. */
    void hold(int size, Runnable write) {
        long before = heldBytes; // nobody else writes it
        heldBytes = before + size;
        held.add(write);
    }

    long heldBytes() {
        return heldBytes;
    }

    /** The connection is over. */
    void discard() {
        held.clear();
        heldBytes = 0;
    }
}
