package dev.parley.topic;

import java.util.Set;

/**
 * Which publications a subscription hears. The others are passed over: they are no gap.
 *
 * <p>Filters that are equal share the work: {@link #events} and {@link #tags} are equal if their names are, a lambda only
 * to itself. So keep a lambda in a field where many subscriptions use it.
 *
 * <p><b>Threading.</b> Called on the subscriptions' executors, perhaps several at a time; must be quick and not block. It
 * is asked again when a publication is replayed.
 */
@FunctionalInterface
public interface Filter {
    /** All publications. */
    Filter ALL = publication -> true;

    /**
     * Decides.
     *
     * @param publication the publication
     * @return whether it is heard
     */
    boolean accepts(Publication publication);

    /**
     * Publications with one of some event names.
     *
     * @param names the names
     * @return the filter
     */
    static Filter events(String... names) {
        return new Events(Set.of(names));
    }

    /**
     * Publications with at least one of some tags.
     *
     * @param tags the tags
     * @return the filter
     */
    static Filter tags(String... tags) {
        return new Tags(Set.of(tags));
    }

    /**
     * Publications that both filters accept.
     *
     * @param other another filter
     * @return the filter
     */
    default Filter and(Filter other) {
        return this == ALL ? other : other == ALL ? this : new Both(this, other);
    }

    /**
     * By event name.
     *
     * @param names what is accepted
     */
    record Events(Set<String> names) implements Filter {
        /**
         * Copies the names.
         *
         * @param names what is accepted
         */
        public Events {
            names = Set.copyOf(names);
        }

        @Override
        public boolean accepts(Publication publication) {
            return publication.event() != null && names.contains(publication.event());
        }
    }

    /**
     * By tag.
     *
     * @param tags what is accepted
     */
    record Tags(Set<String> tags) implements Filter {
        /**
         * Copies the tags.
         *
         * @param tags what is accepted
         */
        public Tags {
            tags = Set.copyOf(tags);
        }

        @Override
        public boolean accepts(Publication publication) {
            for (String tag : publication.tags()) {
                if (tags.contains(tag)) {
                    return true;
                }
            }
            return false;
        }
    }

    /**
     * By two filters.
     *
     * @param one asked first
     * @param other asked if the first accepts
     */
    record Both(Filter one, Filter other) implements Filter {
        @Override
        public boolean accepts(Publication publication) {
            return one.accepts(publication) && other.accepts(publication);
        }
    }
}
