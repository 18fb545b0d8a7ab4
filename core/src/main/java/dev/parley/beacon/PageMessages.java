package dev.parley.beacon;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Messages that a page sent with {@code beacon.js}, which numbers them, so that it shows when some are lost.
 *
 * <p><b>Wire.</b> {@code {"page":"9f86d081884c7d659a2feaa0c55ad015","first":17,"messages":[…]}} as {@code text/plain;charset=UTF-8}, which
 * needs no preflight. The page's id is 32 hexadecimal digits where {@code beacon.js} made it up.
 *
 * <p><b>Limits.</b> The page's id has 1 to 64 characters, and numbers go up to 1,000,000,000: what is beyond is no such message.
 *
 * <p><b>Threading.</b> Immutable, as long as nobody changes the trees.
 *
 * @param page an id that the page made up when it was loaded
 * @param first the number of the first message, from 1
 * @param messages the messages in order; there may be none, which says that all before {@code first} were sent
 */
public record PageMessages(String page, long first, List<JsonNode> messages) {
    private static final int MAX_PAGE_CHARS = 64;
    private static final long MAX_NUMBER = 1_000_000_000;

    /**
     * Checks the numbers.
     *
     * @param page see above
     * @param first see above
     * @param messages copied
     * @throws IllegalArgumentException if the page's id or a number is out of its limits
     */
    public PageMessages {
        messages = List.copyOf(messages);
        if (page.isEmpty() || page.length() > MAX_PAGE_CHARS) {
            throw new IllegalArgumentException(
                    "page: " + page.length() + " characters (expected: 1 to " + MAX_PAGE_CHARS + ")");
        }
        if (!areNumbers(first, messages.size())) {
            throw new IllegalArgumentException(
                    "first: " + first + " (expected: 1 to 1,000,000,000, for the last, too)");
        }
    }

    private static boolean areNumbers(long first, int count) {
        return first >= 1 && first <= MAX_NUMBER - count;
    }

    /** What a body says, if it is of this form. */
    static Optional<PageMessages> of(JsonNode tree) {
        String page = tree.path("page").stringValue("");
        JsonNode first = tree.path("first");
        JsonNode messages = tree.path("messages");
        boolean ofThisForm = !page.isEmpty()
                && page.length() <= MAX_PAGE_CHARS
                && first.isIntegralNumber()
                && first.canConvertToLong()
                && messages.isArray()
                && areNumbers(first.longValue(), messages.size());
        return ofThisForm
                ? Optional.of(new PageMessages(page, first.longValue(), List.copyOf(messages.values())))
                : Optional.empty();
    }

    /**
     * The number of the last message.
     *
     * @return {@code first - 1} where there is none
     */
    public long last() {
        return first + messages.size() - 1;
    }

    /**
     * What they are, for logs.
     *
     * @return the page and the numbers, and nothing of the messages
     */
    @Override
    public String toString() {
        return "PageMessages[page=" + Printable.of(page) + ", first=" + first + ", last=" + last() + "]";
    }
}
