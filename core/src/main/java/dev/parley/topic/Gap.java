package dev.parley.topic;

/**
 * What a subscription was owed and can't get: the publications of a topic behind one position, up to and including
 * another.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param topic the topic's name
 * @param from the last position before the gap, as the subscriber had it; of another epoch if {@link #isReset}
 * @param to the last position that is skipped: what follows is heard
 */
public record Gap(String topic, Position from, Position to) {

    /**
     * Whether the log has begun anew since, so that nobody knows what was lost: it was in memory and the program was
     * started again, or it was unused for long, or the position is not one of this topic.
     *
     * @return whether the epochs differ, or the log has never been as far as the first position
     */
    public boolean isReset() {
        return from.epoch() != to.epoch() || from.offset() > to.offset();
    }

    /**
     * How many publications were lost.
     *
     * @return 1 or more; -1 if that is not known, as after a reset
     */
    public long count() {
        return isReset() ? -1 : to.offset() - from.offset();
    }
}
