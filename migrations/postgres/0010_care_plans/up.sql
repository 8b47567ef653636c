-- What is offered and at what price, what an elder is to get, and the visits that follow from it.
-- A visit that follows from a plan names its item and the day that the rule gives: with its part, where two come at once, this is
-- unique, so that generating twice makes nothing twice. Days are the city's; an `ends_on` is the last day itself.

-- The catalogue by the seven groups of GB/T 43153. Durations, prices and proof are proposals until an office confirms them.
-- `price_fen` is of the release before this one; prices by date are in service_prices.
ALTER TABLE service_items ADD COLUMN id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE service_items ADD COLUMN category TEXT NOT NULL DEFAULT 'daily_living' CHECK (category IN ('daily_living', 'basic_care', 'health', 'visiting', 'emotional', 'errands', 'adaptation'));
ALTER TABLE service_items ADD COLUMN caregivers INTEGER NOT NULL DEFAULT 1 CHECK (caregivers BETWEEN 1 AND 2);
ALTER TABLE service_items ADD COLUMN proof TEXT NOT NULL DEFAULT 'place,duration';
-- Part of the duration, in percent, below which a visit counts as too short.
ALTER TABLE service_items ADD COLUMN proof_share_percent INTEGER NOT NULL DEFAULT 80 CHECK (proof_share_percent BETWEEN 0 AND 100);
ALTER TABLE service_items ADD COLUMN retired BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE service_items ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE service_items ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
UPDATE service_items SET
    id = CASE code WHEN 'meal' THEN 1 WHEN 'bath' THEN 2 WHEN 'clean' THEN 3 WHEN 'walk' THEN 4 WHEN 'medical' THEN 5 WHEN 'care' THEN 9 WHEN 'health' THEN 16 WHEN 'visit' THEN 21 ELSE 0 END,
    category = CASE code WHEN 'meal' THEN 'daily_living' WHEN 'bath' THEN 'daily_living' WHEN 'clean' THEN 'daily_living' WHEN 'walk' THEN 'daily_living' WHEN 'medical' THEN 'daily_living' WHEN 'care' THEN 'basic_care' WHEN 'health' THEN 'health' WHEN 'visit' THEN 'visiting' ELSE category END,
    proof = CASE code WHEN 'meal' THEN 'place,duration' WHEN 'bath' THEN 'place,duration,signature' WHEN 'clean' THEN 'place,duration' WHEN 'walk' THEN 'place,duration' WHEN 'medical' THEN 'place,duration,signature' WHEN 'care' THEN 'place,duration' WHEN 'health' THEN 'place,duration' WHEN 'visit' THEN 'place' ELSE proof END;
INSERT INTO service_items (id, code, name_zh, name_en, category, duration_min, skill, price_fen, caregivers, proof) VALUES
    (6, 'emergency', '助急', 'Help in an emergency', 'daily_living', 60, 'daily', 6000, 1, 'place,duration,signature'),
    (7, 'laundry', '洗涤', 'Laundry', 'daily_living', 40, 'daily', 3500, 1, 'place,duration'),
    (8, 'cooking', '上门做餐', 'Cooking at home', 'daily_living', 60, 'daily', 5000, 1, 'place,duration'),
    (10, 'hygiene', '个人清洁', 'Personal hygiene', 'basic_care', 40, 'personal', 4500, 1, 'place,duration'),
    (11, 'feeding', '协助进食', 'Help with eating', 'basic_care', 40, 'personal', 4000, 1, 'place,duration'),
    (12, 'toileting', '如厕与排泄照护', 'Toileting and continence care', 'basic_care', 40, 'personal', 5000, 1, 'place,duration'),
    (13, 'turning', '翻身与体位变换', 'Turning and positioning', 'basic_care', 30, 'personal', 4000, 1, 'place,duration'),
    (14, 'dressing', '协助穿脱衣物', 'Help with dressing', 'basic_care', 20, 'personal', 2500, 1, 'place,duration'),
    (15, 'transfer', '移位与转运', 'Lifting and transfer', 'basic_care', 40, 'personal', 10000, 2, 'place,duration,signature'),
    (17, 'medicine', '用药提醒与协助', 'Help with medicine', 'health', 20, 'health', 2500, 1, 'place,duration'),
    (18, 'rehabilitation', '康复训练', 'Rehabilitation exercises', 'health', 45, 'rehabilitation', 7000, 1, 'place,duration,signature'),
    (19, 'chronic', '慢性病随访', 'Follow-up of chronic illness', 'health', 30, 'health', 4000, 1, 'place,duration'),
    (20, 'skin', '压疮预防护理', 'Prevention of pressure injuries', 'health', 40, 'health', 5500, 1, 'place,duration'),
    (22, 'call', '电话关爱', 'Care call', 'visiting', 10, 'daily', 500, 1, 'duration'),
    (23, 'safety', '居家安全巡查', 'Safety round at home', 'visiting', 30, 'daily', 2500, 1, 'place,photo'),
    (24, 'comfort', '心理疏导', 'Emotional support', 'emotional', 40, 'daily', 4000, 1, 'place,duration'),
    (25, 'company', '陪伴聊天、读书读报', 'Company and reading aloud', 'emotional', 45, 'daily', 3000, 1, 'place,duration'),
    (26, 'activity', '陪同文娱活动', 'Company at activities', 'emotional', 60, 'daily', 4000, 1, 'place,duration'),
    (27, 'shopping', '代购', 'Shopping on behalf', 'errands', 40, 'daily', 3000, 1, 'place,signature'),
    (28, 'payment', '代缴费用', 'Paying bills on behalf', 'errands', 30, 'daily', 2000, 1, 'signature'),
    (29, 'errand', '代办事项', 'Errands on behalf', 'errands', 40, 'daily', 3000, 1, 'signature'),
    (30, 'home_survey', '适老化需求评估', 'Survey for home adaptation', 'adaptation', 60, 'daily', 8000, 1, 'place,photo,signature'),
    (31, 'handrail', '扶手等适老化安装', 'Handrails and small adaptations', 'adaptation', 90, 'daily', 15000, 1, 'place,photo,signature'),
    (32, 'repair', '水电家电小修', 'Small repairs at home', 'adaptation', 60, 'daily', 8000, 1, 'place,photo');
CREATE UNIQUE INDEX service_items_by_id ON service_items (id);

CREATE TABLE service_prices (
    service_code TEXT NOT NULL REFERENCES service_items (code),
    effective_on DATE NOT NULL,
    price_fen BIGINT NOT NULL CHECK (price_fen BETWEEN 0 AND 10000000),
    confirmed BOOLEAN NOT NULL,
    PRIMARY KEY (service_code, effective_on)
);
INSERT INTO service_prices (service_code, effective_on, price_fen, confirmed)
    SELECT code, '2020-01-01', price_fen, FALSE FROM service_items;

-- Public holidays and the days that are worked instead. A year without a row is a year whose schedule is not known.
CREATE TABLE holidays (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    day DATE NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('off', 'work')),
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    source TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
INSERT INTO holidays (day, kind, name_zh, name_en, source, confirmed, updated_at) VALUES
    ('2025-01-01', 'off', '元旦', 'New Year', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-01-26', 'work', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-01-28', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-01-29', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-01-30', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-01-31', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-02-01', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-02-02', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-02-03', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-02-04', 'off', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-02-08', 'work', '春节', 'Spring Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-04-04', 'off', '清明节', 'Tomb Sweeping Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-04-05', 'off', '清明节', 'Tomb Sweeping Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-04-06', 'off', '清明节', 'Tomb Sweeping Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-04-27', 'work', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-01', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-02', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-03', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-04', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-05', 'off', '劳动节', 'Labour Day', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-05-31', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-06-01', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-06-02', 'off', '端午节', 'Dragon Boat Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-09-28', 'work', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-01', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-02', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-03', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-04', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-05', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-06', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-07', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-08', 'off', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2025-10-11', 'work', '国庆节、中秋节', 'National Day and Mid-Autumn Festival', '国办发明电〔2024〕12号', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-01-01', 'off', '元旦', 'New Year', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-01-02', 'off', '元旦', 'New Year', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-01-03', 'off', '元旦', 'New Year', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-01-04', 'work', '元旦', 'New Year', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-14', 'work', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-15', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-16', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-17', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-18', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-19', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-20', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-21', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-22', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-23', 'off', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-02-28', 'work', '春节', 'Spring Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-04-04', 'off', '清明节', 'Tomb Sweeping Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-04-05', 'off', '清明节', 'Tomb Sweeping Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-04-06', 'off', '清明节', 'Tomb Sweeping Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-01', 'off', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-02', 'off', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-03', 'off', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-04', 'off', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-05', 'off', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-05-09', 'work', '劳动节', 'Labour Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-06-19', 'off', '端午节', 'Dragon Boat Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-06-20', 'off', '端午节', 'Dragon Boat Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-06-21', 'off', '端午节', 'Dragon Boat Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-09-20', 'work', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-09-25', 'off', '中秋节', 'Mid-Autumn Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-09-26', 'off', '中秋节', 'Mid-Autumn Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-09-27', 'off', '中秋节', 'Mid-Autumn Festival', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-01', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-02', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-03', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-04', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-05', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-06', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-07', 'off', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000'),
    ('2026-10-10', 'work', '国庆节', 'National Day', '国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）', TRUE, '2026-11-01 00:00:00.000');

-- What a category of elders is entitled to in a month: proposals until an office confirms them. Without a level: any level.
CREATE TABLE entitlement_rules (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    category TEXT NOT NULL CHECK (category IN ('extreme_hardship', 'minimum_living', 'very_old', 'bereaved', 'lone', 'disabled', 'semi_disabled', 'dementia')),
    level TEXT CHECK (level IN ('intact', 'mild', 'moderate', 'severe', 'total')),
    unit TEXT NOT NULL CHECK (unit IN ('minutes', 'visits')),
    amount INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 44640),
    effective_on DATE NOT NULL,
    confirmed BOOLEAN NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX entitlement_rules_once ON entitlement_rules (category, COALESCE(level, ''), effective_on);
INSERT INTO entitlement_rules (category, level, unit, amount, effective_on, confirmed, updated_at) VALUES
    ('extreme_hardship', NULL, 'minutes', 1200, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('extreme_hardship', 'moderate', 'minutes', 1800, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('extreme_hardship', 'severe', 'minutes', 2700, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('extreme_hardship', 'total', 'minutes', 2700, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('minimum_living', NULL, 'minutes', 900, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('minimum_living', 'moderate', 'minutes', 1200, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('minimum_living', 'severe', 'minutes', 1800, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('minimum_living', 'total', 'minutes', 1800, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('disabled', NULL, 'minutes', 1200, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('semi_disabled', NULL, 'minutes', 900, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('dementia', NULL, 'minutes', 900, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('bereaved', NULL, 'minutes', 720, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('lone', NULL, 'minutes', 600, '2025-01-01', FALSE, '2026-11-01 00:00:00.000'),
    ('very_old', NULL, 'visits', 12, '2025-01-01', FALSE, '2026-11-01 00:00:00.000');

-- An elder has one plan that is not ended. Whether it is paused is asked of a day and not stored.
CREATE TABLE care_plans (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    elder_id BIGINT NOT NULL REFERENCES elders (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'active', 'ended')),
    starts_on DATE NOT NULL,
    ends_on DATE,
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TIMESTAMP NOT NULL,
    CHECK (ends_on >= starts_on),
    CHECK (state <> 'ended' OR ends_on IS NOT NULL)
);
CREATE UNIQUE INDEX care_plans_one_live ON care_plans (elder_id) WHERE state <> 'ended';
CREATE INDEX care_plans_by_elder ON care_plans (elder_id);

CREATE TABLE plan_pauses (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    plan_id BIGINT NOT NULL REFERENCES care_plans (id),
    reason TEXT NOT NULL CHECK (reason IN ('hospital', 'away', 'relatives', 'other')),
    starts_on DATE NOT NULL,
    ends_on DATE,
    note TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_on >= starts_on)
);
CREATE INDEX plan_pauses_by_plan ON plan_pauses (plan_id);

-- The visit begins within the window, in minutes after midnight of its day; an end above 1440 is on the next day.
CREATE TABLE plan_items (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    plan_id BIGINT NOT NULL REFERENCES care_plans (id),
    service_code TEXT NOT NULL REFERENCES service_items (code),
    rule TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    window_starts_min INTEGER NOT NULL CHECK (window_starts_min BETWEEN 0 AND 1439),
    window_ends_min INTEGER NOT NULL,
    duration_min INTEGER CHECK (duration_min BETWEEN 5 AND 720),
    tolerance_days INTEGER NOT NULL CHECK (tolerance_days BETWEEN 0 AND 15),
    holiday_rule TEXT NOT NULL CHECK (holiday_rule IN ('as_planned', 'skip', 'next', 'previous')),
    caregivers INTEGER NOT NULL CHECK (caregivers BETWEEN 1 AND 2),
    after_item_id BIGINT REFERENCES plan_items (id),
    lag_min_min INTEGER,
    lag_max_min INTEGER,
    caregiver_rule TEXT NOT NULL CHECK (caregiver_rule IN ('any', 'same', 'different')),
    preferred_caregiver_id BIGINT REFERENCES caregivers (id),
    note TEXT NOT NULL,
    removed BOOLEAN NOT NULL DEFAULT FALSE,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK (ends_on >= starts_on),
    CHECK (window_ends_min > window_starts_min AND window_ends_min <= window_starts_min + 1440),
    CHECK ((after_item_id IS NULL) = (lag_min_min IS NULL)),
    CHECK ((after_item_id IS NULL) = (lag_max_min IS NULL)),
    CHECK (lag_min_min BETWEEN 0 AND 1440 AND lag_max_min BETWEEN lag_min_min AND 1440),
    CHECK (after_item_id IS NULL OR (caregivers = 1 AND after_item_id <> id))
);
CREATE INDEX plan_items_by_plan ON plan_items (plan_id);

-- Visits that belong together: both at once, or the second a while after the first ended.
CREATE TABLE visit_groups (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    relation TEXT NOT NULL CHECK (relation IN ('together', 'after', 'independent')),
    lag_min_min INTEGER NOT NULL CHECK (lag_min_min >= 0),
    lag_max_min INTEGER NOT NULL,
    caregiver_rule TEXT NOT NULL CHECK (caregiver_rule IN ('any', 'same', 'different')),
    CHECK (lag_max_min >= lag_min_min)
);

-- A visit keeps the price of its day. The version is that of the item it follows from: while it is the item's, whoever moved the
-- visit's window by hand is right.
ALTER TABLE visits ADD COLUMN price_fen BIGINT;
ALTER TABLE visits ADD COLUMN plan_item_id BIGINT REFERENCES plan_items (id);
ALTER TABLE visits ADD COLUMN plan_item_version BIGINT;
ALTER TABLE visits ADD COLUMN occurrence_on DATE CHECK ((occurrence_on IS NULL) = (plan_item_id IS NULL));
ALTER TABLE visits ADD COLUMN group_id BIGINT REFERENCES visit_groups (id);
ALTER TABLE visits ADD COLUMN group_place INTEGER CHECK (group_place IS NULL OR group_id IS NOT NULL);
-- An item for two caregivers has two visits on a day, one for each.
ALTER TABLE visits ADD COLUMN occurrence_part INTEGER NOT NULL DEFAULT 1;
UPDATE visits SET price_fen = (SELECT i.price_fen FROM service_items AS i WHERE i.code = visits.service_code);
CREATE UNIQUE INDEX visits_by_occurrence ON visits (plan_item_id, occurrence_on, occurrence_part);
CREATE INDEX visits_by_group ON visits (group_id) WHERE group_id IS NOT NULL;

-- A visit that is only planned can be withdrawn when its plan changes: nobody sees it any more, its history stays, and it can be
-- planned again.
INSERT INTO visit_transitions (from_state, kind, to_state) VALUES ('planned', 'withdraw', 'none');

-- What a visit was is never rewritten once the caregiver has arrived or it is over.
CREATE FUNCTION visits_past_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'visits_past_stays' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER visits_past_stays BEFORE UPDATE OF service_code, service_on, window_starts_at, window_ends_at, duration_min,
    price_fen, plan_item_id, plan_item_version, occurrence_on ON visits
    FOR EACH ROW WHEN (OLD.state IN ('arrived', 'done', 'not_done')) EXECUTE FUNCTION visits_past_stays();

-- Work that one process does once a day: who holds it until when, and the day it was done for.
CREATE TABLE jobs (
    name TEXT NOT NULL PRIMARY KEY,
    done_on DATE,
    holder TEXT NOT NULL,
    leased_until TIMESTAMP
);
INSERT INTO jobs (name, holder) VALUES ('demand', '');
