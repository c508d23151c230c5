//! The rules of video streams.

use super::Rule;

pub(super) const RULES: &[Rule] = &[Rule {
    title: "Video streams",
    rule: "Cameras beside the records, each with a stream of Kinesis Video Streams and its one connection of PutMedia; they \
           share nothing with the traffic but the length of the run. A camera sends at its bit rate, and at a multiple of it \
           while much moves. Fragments are a whole number of keyframe intervals long. A fragment is taken as long as what \
           comes stays within the rate of the stream, by a bucket; what goes over it is lost. A taken fragment can be \
           read a little after its end. Connections of GetMedia share the rate of the stream one fragment after the \
           other, and the delay counts from the first picture of a fragment until all of them have it. A player of HLS \
           shows a fragment when it holds some. Connections and sessions beyond the limits are refused. The bill has \
           what came in, what went out by each way, and what is kept.",
    departure: "All cameras are alike, so that one stands for all. Calls a second are not counted, and a network takes no time. \
                A fragment that is under way at the end of the run is not counted. The prices of GetMedia and of storage \
                are estimates.",
    names: &[
        "VIDEO_PUT_BYTES",
        "VIDEO_PUT_BURST",
        "VIDEO_GET_BYTES",
        "VIDEO_GET_CONNECTIONS",
        "VIDEO_HLS_SESSIONS",
        "VIDEO_PERSIST",
        "VIDEO_HLS_HELD",
    ],
    prices: &[],
}];
