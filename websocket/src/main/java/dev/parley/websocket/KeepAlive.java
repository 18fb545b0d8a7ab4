package dev.parley.websocket;

import dev.parley.websocket.codec.CloseReason;

/**
 * Looks at a connection once in a while: whether its client lives, and whether anybody uses it. All is counted in beats, so that
 * a message costs no look at a clock. Confined to the event loop.
 *
 * <p>A part of {@link OpenConnection}, and not an object of its own, as there may be thousands.
 */
abstract class KeepAlive implements Runnable {
    private static final CloseReason NO_PONG = CloseReason.of(CloseReason.GOING_AWAY, "no answer to a ping");
    private static final CloseReason READ_IDLE =
            CloseReason.of(CloseReason.GOING_AWAY, "nothing was said for too long");
    private static final CloseReason WRITE_IDLE =
            CloseReason.of(CloseReason.GOING_AWAY, "there was nothing to say for too long");

    private short silentBeats;
    private short pongBeats;
    private int readIdleBeats;
    private int writeIdleBeats;
    /** Whether anything came since the last beat, a ping or a pong for one. */
    private boolean heard;

    private boolean received;
    private boolean sent;
    private boolean pinged;

    /** A message came. */
    final void received() {
        heard = true;
        received = true;
    }

    /** A message was sent. */
    final void sent() {
        sent = true;
    }

    /** The client lives. */
    final void heard() {
        heard = true;
    }

    abstract Settings settings();

    abstract boolean isOpen();

    /** Whether what the client says is heard; else its silence means nothing. */
    abstract boolean isReading();

    /** Whether a message is on its way; one that takes too long ends the connection. To be asked at each beat. */
    abstract boolean isReceiving();

    abstract void sendPing();

    abstract void close(CloseReason reason);

    /** A beat. */
    @Override
    public final void run() {
        if (!isOpen()) {
            return;
        }
        Settings settings = settings();
        // Who is not read, as the application wants no more or does not read itself, can't be heard; pings go on.
        boolean deaf = !isReading();
        // Nor can who is in the midst of a frame answer a ping: a message on its way has a limit of its own.
        boolean receiving = isReceiving();
        if (heard || receiving || deaf && pinged) {
            silentBeats = 0;
            pinged = false;
        } else {
            silentBeats++;
        }
        readIdleBeats = received || deaf ? 0 : readIdleBeats + 1;
        writeIdleBeats = sent ? 0 : writeIdleBeats + 1;
        heard = false;
        received = false;
        sent = false;
        if (pinged && ++pongBeats >= settings.pongBeats()) {
            close(NO_PONG);
        } else if (settings.readIdleBeats() > 0 && readIdleBeats >= settings.readIdleBeats()) {
            close(READ_IDLE);
        } else if (settings.writeIdleBeats() > 0 && writeIdleBeats >= settings.writeIdleBeats()) {
            close(WRITE_IDLE);
        } else if (!pinged && silentBeats >= settings.pingBeats()) {
            pinged = true;
            pongBeats = 0;
            sendPing();
        }
    }
}
