package dev.parley.websocket;

import dev.parley.websocket.codec.CloseReason;

/**
 * Looks at a connection once in a while: whether its client lives, and whether anybody uses it. All is counted in beats, so that
 * a message costs no look at a clock. Confined to the event loop.
 */
final class KeepAlive implements Runnable {
    private static final CloseReason NO_PONG = CloseReason.of(CloseReason.GOING_AWAY, "no answer to a ping");
    private static final CloseReason READ_IDLE =
            CloseReason.of(CloseReason.GOING_AWAY, "nothing was said for too long");
    private static final CloseReason WRITE_IDLE =
            CloseReason.of(CloseReason.GOING_AWAY, "there was nothing to say for too long");

    private final OpenConnection connection;
    private int silentBeats;
    private int pongBeats;
    private int readIdleBeats;
    private int writeIdleBeats;
    /** Whether anything came since the last beat, a ping or a pong for one. */
    private boolean heard;

    private boolean received;
    private boolean sent;
    private boolean pinged;

    KeepAlive(OpenConnection connection) {
        this.connection = connection;
    }

    /** A message came. */
    void received() {
        heard = true;
        received = true;
    }

    /** A message was sent. */
    void sent() {
        sent = true;
    }

    /** The client lives. */
    void heard() {
        heard = true;
    }

    @Override
    public void run() {
        if (!connection.isOpen()) {
            return;
        }
        Settings settings = connection.settings();
        beat(settings);
        if (connection.isOpen()) {
            connection.tunnel().after(settings.beat(), this);
        }
    }

    private void beat(Settings settings) {
        // Who is not read, as the application wants no more or does not read itself, can't be heard; pings go on.
        boolean deaf = !connection.isReading();
        if (heard || deaf && pinged) {
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
            connection.close(NO_PONG);
        } else if (settings.readIdleBeats() > 0 && readIdleBeats >= settings.readIdleBeats()) {
            connection.close(READ_IDLE);
        } else if (settings.writeIdleBeats() > 0 && writeIdleBeats >= settings.writeIdleBeats()) {
            connection.close(WRITE_IDLE);
        } else if (!pinged && silentBeats >= settings.pingBeats()) {
            pinged = true;
            pongBeats = 0;
            connection.ping();
        }
    }
}
