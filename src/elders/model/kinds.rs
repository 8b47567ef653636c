crate::text_enum! {
    /// The system that coordinates were given in; maps sold in China use the last two.
    #[derive(Default)]
    pub enum CoordinateSource {
        #[default]
        Wgs84 = "wgs84",
        Gcj02 = "gcj02",
        Bd09 = "bd09",
    }
}

crate::text_enum! {
    /// Why an elder is to be found at a place. A home replaces the record's address; the others go before both.
    pub enum PlaceKind {
        Home = "home",
        SecondHome = "second_home",
        OtherPlace = "other_place",
    }
}

crate::text_enum! {
    pub enum Relation {
        Spouse = "spouse",
        Child = "child",
        Grandchild = "grandchild",
        Sibling = "sibling",
        Relative = "relative",
        Neighbour = "neighbour",
        Guardian = "guardian",
        VillageCommittee = "village_committee",
        OtherRelation = "other_relation",
    }
}

crate::text_enum! {
    /// What an elder wants of one caregiver.
    pub enum Stance {
        Preferred = "preferred",
        Barred = "barred",
    }
}

crate::text_enum! {
    pub enum ConsentKind {
        PersonalData = "personal_data",
        HomeVisit = "home_visit",
        Photo = "photo",
        Location = "location",
        DeviceMonitoring = "device_monitoring",
    }
}

crate::text_enum! {
    pub enum DocumentKind {
        IdentityCard = "identity_card",
        HouseholdRegister = "household_register",
        DisabilityCertificate = "disability_certificate",
        HardshipCertificate = "hardship_certificate",
        AllowanceCertificate = "allowance_certificate",
        BereavementCertificate = "bereavement_certificate",
        MedicalRecord = "medical_record",
        ServiceAgreement = "service_agreement",
        OtherDocument = "other_document",
    }
}
