/// The network whose features color transfer compares.
public enum FeatureKind: String, Sendable, Codable, CaseIterable {
    /// VGG-19 where its weights are found, else the program's own network.
    case automatic = "auto"
    /// VGG-19; an error where its weights are not found.
    case vgg19
    /// The program's own network, whatever weights are there.
    case smearnet
}
