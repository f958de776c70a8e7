/// What a pixel of a smear is; the raw values are the labels of a phantom's truth and of ``SmearSegmentation``.
///
/// Where a phantom's things lie on each other the greater value wins, but for a platelet, which never lies on a white
/// cell.
public enum SmearClass: UInt8, Sendable, CaseIterable {
    case background = 0
    case redCell = 1
    /// A white cell outside its nucleus.
    case cytoplasm = 2
    /// A white cell's nucleus.
    case nucleus = 3
    case platelet = 4
}
