package dev.parley.topic;

/**
 * What a transport makes of publications: the bytes that many outlets get. Publications that wait are encoded together,
 * once for all outlets that are to get them on one executor.
 *
 * <p>Subscriptions share what is encoded if they have the same encoding, by {@code equals}: keep it in a constant.
 *
 * <p><b>Threading.</b> Called on the executors of the subscriptions, perhaps several at a time.
 *
 * @param <B> what outlets are given
 */
public interface Encoding<B> {

    /**
     * Encodes publications.
     *
     * @param batch at least one publication, in order
     * @return what outlets are given
     */
    B encode(Batch batch);

    /**
     * All outlets have been given it: whoever needs it longer has retained it.
     *
     * @param encoded what {@link #encode} made
     */
    default void release(B encoded) {}
}
