extension NormalizationParameters {
    /// What minimizes the energy of gains and offsets (step 6).
    public enum Solver: String, Sendable, Codable, CaseIterable {
        /// Its normal equations, by conjugate gradients.
        case leastSquares = "least-squares"
        /// The paper's: each pixel takes one of a few transforms by α-expansion, which is then refined (`GraphCut`).
        case graphCut = "graph-cut"
    }

    /// Which feature levels drive the search. Level L is reluL_1: resolution 1, 1/2, 1/4, 1/8, 1/16 for L = 1…5.
    public enum Levels: Sendable, Equatable {
        /// One level, or several jointly (the coarser ones brought to the finest and concatenated).
        case joint([Int])
        /// 5 → 1: each level's field and transfer start the next (He et al.).
        case progressive
    }

    /// What is appended to the features so that a pixel only matches its own kind.
    public enum Enhancement: String, Sendable, CaseIterable {
        case none
        /// k-means on the standardized features; S and R share the cluster centers.
        case clustering
        /// The classes that `SmearNet` sees: background, red cell, cytoplasm, nucleus, platelet. They correspond by
        /// construction (the paper's recommendation, with a network of our own).
        case segmentation
    }

    /// Over which pixels the mean and deviation of a channel are taken (Eq. 1).
    public enum Standardization: String, Sendable, CaseIterable {
        /// Every pixel counts the same: the paper's.
        case plain
        /// Background and red cells count half each, whatever their shares in the field, and nuclei do not (ours).
        case balanced
    }

    /// How several references are used.
    public enum ReferenceUse: String, Sendable, Codable, CaseIterable {
        /// The one whose colors and contents suit the capture best.
        case best
        /// All at once: each pixel takes its best match from whichever reference (He et al.'s one-to-many case).
        case all
    }

    /// How luminance weighs red, green and blue (the paper's Eq. 3 and Eq. 2).
    public enum LuminanceStandard: String, Sendable, CaseIterable {
        case rec601
        case rec709
    }
}
