package dev.parley.beacon;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tells what is missing of the messages that pages numbered.
 *
 * <pre>{@code
 * LostMessages lost = new LostMessages(10_000);
 * beacon.messages().ifPresent(lost::observe);
 * }</pre>
 *
 * <p>A message is missing when one with a higher number has come and it has not. One that comes late is missing no more; one that comes
 * twice counts once. What a page sent last and lost cannot be known.
 *
 * <p><b>Limits.</b> As many pages as are asked for: the one that was not heard of for longest is forgotten, what it lacks stays lost, and if
 * it comes back it is taken for a new one. Of each page the last 64 holes in its numbers: what is missing in older ones stays lost. A
 * page takes up to 4 KiB, mostly 200 bytes. Numbers are a client's word: who lies about them only spoils this count.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class LostMessages {
    private static final int MAX_HOLES = 64;

    private final Map<String, Page> pages;
    private long lost;

    /**
     * A count with no page in it.
     *
     * @param maxPages how many are known at a time, 1 to 10 million
     */
    public LostMessages(int maxPages) {
        Setting.within("maxPages", maxPages, 1, 10_000_000);
        pages = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Page> eldest) {
                return size() > maxPages;
            }
        };
    }

    /**
     * Numbers that are missing, all of them.
     *
     * <p><b>Threading.</b> Immutable.
     *
     * @param first the first
     * @param last the last, which may be the same
     */
    public record Hole(long first, long last) {
        /**
         * How many they are.
         *
         * @return 1 or more
         */
        public long count() {
            return last - first + 1;
        }
    }

    /**
     * Takes note of messages.
     *
     * @param messages what came
     * @return how many messages of that page are missing now, those in holes that it has forgotten not counted
     */
    public synchronized long observe(PageMessages messages) {
        Page page = pages.computeIfAbsent(messages.page(), id -> new Page());
        lost += page.observe(messages.first(), messages.last());
        return page.missing;
    }

    /**
     * What is missing of a page.
     *
     * @param page its id
     * @return the holes in its numbers, in order; empty for a page that is not known
     */
    public synchronized List<Hole> holes(String page) {
        Page known = pages.get(page);
        if (known == null) {
            return List.of();
        }
        List<Hole> holes = new ArrayList<>(known.holes.size());
        known.holes.forEach((first, last) -> holes.add(new Hole(first, last)));
        return holes;
    }

    /**
     * How many messages are missing now, of all pages that were ever heard of.
     *
     * @return a number that falls when messages come late
     */
    public synchronized long lost() {
        return lost;
    }

    /** The numbers of one page. Confined by the lock of its owner. */
    private static final class Page {
        /** First and last numbers of what is missing; none touches another. */
        private final TreeMap<Long, Long> holes = new TreeMap<>();

        /** The number behind the highest that has come. */
        private long next = 1;

        /** How many are missing in the holes. */
        private long missing;

        /** Returns by how much more is lost: a negative number when some came late. */
        long observe(long first, long last) {
            long before = missing;
            if (first > next) {
                holes.put(next, first - 1);
                missing += first - next;
            } else {
                fill(first, last);
            }
            next = Math.max(next, last + 1);
            long more = missing - before;
            if (holes.size() > MAX_HOLES) {
                Map.Entry<Long, Long> oldest = holes.pollFirstEntry();
                missing -= oldest.getValue() - oldest.getKey() + 1;
            }
            return more;
        }

        private void fill(long first, long last) {
            if (last < first) {
                return;
            }
            Map.Entry<Long, Long> hole = holes.floorEntry(last);
            while (hole != null && hole.getValue() >= first) {
                long from = hole.getKey();
                long to = hole.getValue();
                holes.remove(from);
                if (to > last) {
                    holes.put(last + 1, to);
                }
                if (from < first) {
                    holes.put(from, first - 1);
                }
                missing -= Math.min(to, last) - Math.max(from, first) + 1;
                hole = holes.lowerEntry(from);
            }
        }
    }
}
