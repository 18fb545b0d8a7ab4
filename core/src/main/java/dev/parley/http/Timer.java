package dev.parley.http;

/** A delay that was asked for with {@link Exchange#after}. */
@FunctionalInterface
public interface Timer {

    /** Forgets the delay; does nothing if it has passed. May be called from any thread. */
    void cancel();
}
