/// The least that is taken for a white cell, wherever it is asked. Which of these applies depends on what is seen of a
/// nucleus; they are different measures, and neither follows from the other.
enum WhiteCellSize {
    /// Of classes that the network sees (``SmearSegmentation``): the area of all of a cell's nucleus, its lobes together, in
    /// areas of the field's ordinary red cell. A spot of a platelet's color that is as large is a nucleus of an unknown
    /// color. Set on training images of two labs; docs/smearnet.md says how often cells are those of the boxes.
    static let leastNucleus: Float = 0.4
    /// Of colors alone (``RoughSegmentation``), which show each lobe as a spot of its own: the area of one spot, likewise.
    /// Platelets do not reach it. Set on phantoms and on training images of two labs; docs/sidecar.md names it, for verdicts
    /// go by it.
    static let leastLobe: Float = 0.25
    /// For the choice of references (``SmearDescriptor``), where pictures of one cell show no red cell to measure by: pixels
    /// of a spot, and its least share of the picture's largest, one in so many. With these, three references cover 99 % of the
    /// nuclei of lab A's 400 training images.
    static let leastSpot = (pixels: 60, part: 5)
}
