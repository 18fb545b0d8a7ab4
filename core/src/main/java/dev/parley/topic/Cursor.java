package dev.parley.topic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One subscription in its group. While it keeps up it stands where the front of the group stands, and is nothing but an
 * outlet in an array.
 *
 * <p>Confined to the dispatcher of its group, but for {@link #close}, {@link #resume} and {@link #isOpen}.
 */
final class Cursor<B> implements Subscription {
    private static final VarHandle OVER;
    private static final VarHandle RESUMING;

    static {
        try {
            OVER = MethodHandles.lookup().findVarHandle(Cursor.class, "over", boolean.class);
            RESUMING = MethodHandles.lookup().findVarHandle(Cursor.class, "resuming", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Where it is in the array of those that keep up. */
    int index = NOWHERE;

    static final int NOWHERE = -1;
    private final Group<B> group;
    private final Outlet<B> outlet;
    private final @Nullable String who;
    /** How far it has read; {@code null} while it keeps up, and stands where its group stands. */
    private @Nullable Place own;

    private volatile boolean over;
    /** Whether there is a task that has it catch up: there never is more than one. */
    private volatile boolean resuming;
    /** What one resumes from once this is over. */
    private @Nullable String lastId;

    Cursor(Group<B> group, Outlet<B> outlet, @Nullable String who) {
        this.group = group;
        this.outlet = outlet;
        this.who = who;
    }

    @Nullable
    String who() {
        return who;
    }

    @Nullable
    Place own() {
        return own;
    }

    void own(@Nullable Place place) {
        own = place;
    }

    void begin(Place start, List<Gap> gaps) {
        own = start;
        try {
            outlet.begin(this, gaps);
        } catch (Throwable t) {
            group.end(this, End.FAILED, t);
        }
    }

    /** Gives it what is next, even if another thread closes it meanwhile; whether it took it. */
    boolean write(B encoded) {
        try {
            return outlet.write(encoded);
        } catch (Throwable t) {
            group.end(this, End.FAILED, t);
            return false;
        }
    }

    boolean isWritable() {
        try {
            return !over && outlet.isWritable();
        } catch (Throwable t) {
            group.end(this, End.FAILED, t);
            return false;
        }
    }

    void tell(List<Gap> gaps) {
        try {
            if (!gaps.isEmpty()) {
                outlet.gaps(gaps);
            }
        } catch (Throwable t) {
            group.end(this, End.FAILED, t);
        }
    }

    /** Ends it, if nothing has before. */
    boolean markOver() {
        return OVER.compareAndSet(this, false, true);
    }

    boolean markResuming() {
        return !resuming && RESUMING.compareAndSet(this, false, true);
    }

    void clearResuming() {
        resuming = false;
    }

    /** Its id stays this, wherever the others go from here. */
    void freezeId(String id) {
        if (lastId == null) {
            lastId = id;
        }
    }

    void ended(End end, @Nullable Throwable failure) {
        own = null;
        outlet.end(end, failure);
    }

    // ---- what its owner does

    @Override
    public boolean isOpen() {
        return !over;
    }

    @Override
    public String id() {
        if (lastId != null) {
            return lastId;
        }
        Place place = own;
        if (place != null) {
            return place.id();
        }
        return index == NOWHERE ? "" : group.id();
    }

    @Override
    public void resume() {
        group.resume(this);
    }

    @Override
    public void close() {
        group.close(this);
    }
}
